//! Reading the trainer's event file piece by piece.

use domain::event::Event;
use std::{io, path::Path};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncSeekExt, BufReader},
};

/// Most events in one piece, and so in one transaction.
const MAX_EVENTS: usize = 500;

/// Some events and where in the file they lie.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Piece {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) events: Vec<Event>,
    /// Complete lines that are no event we know.
    pub(super) unreadable: usize,
    /// The event after which nothing comes, when it follows this piece. It is not part of the piece: it counts
    /// as read only when the run's end is stored.
    pub(super) last: Option<Event>,
}

impl Piece {
    pub(super) fn is_empty(&self) -> bool {
        self.from == self.to
    }
}

/// Reads what stands in the file from byte `from` on. A line that is still being written is left for later.
pub(super) async fn read(path: &Path, from: u64) -> io::Result<Piece> {
    let mut piece = Piece { from, to: from, ..Piece::default() };
    let mut file = match File::open(path).await {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(piece),
        Err(e) => return Err(e),
    };
    file.seek(io::SeekFrom::Start(from)).await?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while piece.events.len() < MAX_EVENTS {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).await?;
        if line.last() != Some(&b'\n') {
            break;
        }
        match serde_json::from_slice(&line) {
            Ok(event @ (Event::Finished { .. } | Event::Failed { .. })) => {
                piece.last = Some(event);
                break;
            }
            Ok(event) => piece.events.push(event),
            Err(_) => piece.unreadable += 1,
        }
        piece.to += read as u64;
    }
    Ok(piece)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[tokio::test]
    async fn half_a_line_is_left_and_the_end_is_not_consumed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        assert!(read(&path, 0).await.unwrap().is_empty());
        let point = r#"{"event":"point","key":"train_loss","step":1,"value":2.5,"elapsed_ms":10}"#;
        std::fs::write(&path, format!("{point}\nnonsense\n{}", &point[..20])).unwrap();
        let piece = read(&path, 0).await.unwrap();
        assert_eq!((piece.events.len(), piece.unreadable, piece.to), (1, 1, point.len() as u64 + 10));
        let end = r#"{"event":"failed","kind":"disk_full","message":"m"}"#;
        std::fs::write(&path, format!("{point}\nnonsense\n{point}\n{end}\n")).unwrap();
        let rest = read(&path, piece.to).await.unwrap();
        assert_eq!(rest.events.len(), 1);
        assert!(rest.last.is_some());
        assert!(read(&path, rest.to).await.unwrap().is_empty());
    }
}
