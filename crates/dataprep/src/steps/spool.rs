//! Samples on their way from one pass to the next, in a temporary file that nobody else can see.

use super::{Item, Source};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::ops::ControlFlow;

/// A file of items, one JSON line each. It is gone when this is dropped.
pub(super) struct Spool {
    file: BufWriter<File>,
}

impl Spool {
    pub(super) fn create() -> io::Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(1 << 18, tempfile::tempfile()?) })
    }

    pub(super) fn write(&mut self, item: &Item) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, item)?;
        self.file.write_all(b"\n")
    }

    /// All is written.
    pub(super) fn finish(mut self) -> io::Result<Self> {
        self.file.flush()?;
        Ok(self)
    }
}

impl Source for Spool {
    fn read(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()> {
        self.file.get_mut().rewind()?;
        let mut reader = BufReader::with_capacity(1 << 18, self.file.get_ref());
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            if each(serde_json::from_slice(&line)?).is_break() {
                break;
            }
            line.clear();
        }
        Ok(())
    }
}
