//! Messages between a leader and its followers: a length (8 bytes, little endian), then a safetensors file whose
//! metadata says what its tensors are.

use crate::error::TrainError;
use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};

/// The key of the metadata under which a message's own fields stand.
const KEY: &str = "message";

/// What a follower says first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    /// Hash of its training samples, see [`crate::setup::Run::data_sha256`].
    pub(super) data_sha256: String,
}

/// What a leader asks: the parts `batches` of a step. Comes with the trained variables by name, and, where preferences are
/// learnt, [`REFERENCES`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Counts up; a step that is taken again is another request.
    pub(super) number: u64,
    pub(super) step: u32,
    /// See [`crate::loss_scale`].
    pub(super) loss_scale: f64,
    pub(super) batches: Vec<usize>,
}

/// One part that was asked. Comes with the gradients by the names of their variables, [`MEANS`] and [`REWARDS`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// The request's.
    pub(super) number: u64,
    pub(super) batch: usize,
    pub(super) loss: f64,
    pub(super) tokens: usize,
}

/// The tensor of mean losses in an answer; no variable has such a name.
pub(super) const MEANS: &str = "/means";

/// The tensor of the pairs' [`crate::preference::Rewards`] in an answer, (pairs, 2).
pub(super) const REWARDS: &str = "/rewards";

/// The tensor of what the reference says of the pairs of all parts that are asked, in their order, (pairs, 2): the leader
/// alone has scored them.
pub(super) const REFERENCES: &str = "/references";

/// Pairs of numbers as a tensor (pairs, 2).
pub(super) fn of_pairs(pairs: &[[f64; 2]]) -> candle_core::Result<Tensor> {
    Tensor::from_vec(pairs.concat(), (pairs.len(), 2), &Device::Cpu)
}

/// Takes back what [`of_pairs`] gave.
pub(super) fn to_pairs(tensor: &Tensor) -> candle_core::Result<Vec<[f64; 2]>> {
    Ok(tensor.to_vec2::<f64>()?.iter().map(|pair| [pair[0], pair[1]]).collect())
}

/// Writes one message.
pub(super) fn send(to: &mut impl Write, message: &impl Serialize, tensors: Vec<(String, Tensor)>) -> io::Result<()> {
    let text = serde_json::to_string(message)?;
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(io::Error::other)?;
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one message; `None` when the other side has ended.
pub(super) fn receive<M: DeserializeOwned>(
    from: &mut impl Read,
    device: &Device,
) -> io::Result<Option<(M, HashMap<String, Tensor>)>> {
    let mut length = [0; 8];
    match from.read_exact(&mut length) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u64::from_le_bytes(length);
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(io::Error::other)?;
    let text = header.metadata().as_ref().and_then(|fields| fields.get(KEY));
    let text = text.ok_or_else(|| io::Error::from(ErrorKind::InvalidData))?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, device).map_err(io::Error::other)?;
    Ok(Some((serde_json::from_str(text)?, tensors)))
}

/// Takes a tensor out of a message.
pub(super) fn take(tensors: &mut HashMap<String, Tensor>, name: &str) -> Result<Tensor, TrainError> {
    tensors.remove(name).ok_or_else(|| TrainError::Invalid(format!("a message between processes lacks {name}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_was() {
        let tensor = Tensor::new(&[[1.5f32, -0.0], [f32::MIN_POSITIVE, 3e38]], &Device::Cpu).unwrap();
        let mut bytes = Vec::new();
        let answer = Answer { number: 3, batch: 1, loss: 0.1 + 0.2, tokens: 7 };
        send(&mut bytes, &answer, vec![("a.b".to_owned(), tensor.clone())]).unwrap();
        let whole = bytes.clone();
        let (read, mut tensors) = receive::<Answer>(&mut whole.as_slice(), &Device::Cpu).unwrap().unwrap();
        assert_eq!((read.number, read.batch, read.loss.to_bits(), read.tokens), (3, 1, (0.1f64 + 0.2).to_bits(), 7));
        let values =
            |t: &Tensor| t.to_vec2::<f32>().unwrap().concat().into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(values(&take(&mut tensors, "a.b").unwrap()), values(&tensor));
        assert!(take(&mut tensors, "a.b").is_err());

        assert!(receive::<Answer>(&mut [].as_slice(), &Device::Cpu).unwrap().is_none(), "a regular end");
        bytes.pop();
        assert!(receive::<Answer>(&mut bytes.as_slice(), &Device::Cpu).is_err(), "broken off");
    }
}
