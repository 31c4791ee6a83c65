//! A follower: computes the parts that its leader asks for until the leader ends.

use super::wire::{Answer, Hello, MEANS, REFERENCES, REWARDS, Request, of_pairs, receive, send, take, to_pairs};
use crate::error::TrainError;
use crate::micro_batch::StepWork;
use crate::preference::Rewards;
use crate::setup::Run;
use candle_core::{Device, Tensor};
use std::io::{self, Read, Write};

/// Answers requests from `from` through `to`. The run has been set up; nothing of it is written anywhere.
pub fn serve(run: &mut Run, from: &mut impl Read, to: &mut impl Write) -> Result<(), TrainError> {
    let broken = |source: io::Error| TrainError::Invalid(format!("the leading process cannot be reached: {source}"));
    send(to, &Hello { data_sha256: run.data_sha256.clone() }, Vec::new()).map_err(broken)?;
    while let Some((request, mut values)) = receive::<Request>(from, run.decoder.device()).map_err(broken)? {
        for parameter in run.optimizer.parameters() {
            parameter.variable.set(&take(&mut values, &parameter.name)?)?;
        }
        let work = StepWork::of(run, request.step);
        if let Some(preferences) = &mut run.preferences {
            let places = request.batches.iter().flat_map(|batch| work.samples(*batch));
            for (place, reference) in places.zip(to_pairs(&take(&mut values, REFERENCES)?)?) {
                preferences.train.references[place] = reference;
            }
        }
        for batch in request.batches {
            let part = work.compute(run, batch)?.to_device(&Device::Cpu)?;
            let names = run.optimizer.parameters().iter().map(|p| p.name.clone());
            let mut tensors: Vec<(String, Tensor)> = names.zip(part.gradients).collect();
            tensors.push((MEANS.to_owned(), Tensor::new(part.means, &Device::Cpu)?));
            let rewards: Vec<[f64; 2]> = part.rewards.into_iter().map(Rewards::to_array).collect();
            tensors.push((REWARDS.to_owned(), of_pairs(&rewards)?));
            let answer = Answer { number: request.number, batch, loss: part.loss, tokens: part.tokens };
            send(to, &answer, tensors).map_err(broken)?;
        }
    }
    Ok(())
}
