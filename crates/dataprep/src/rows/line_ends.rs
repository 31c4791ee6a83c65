//! Files whose lines end with a lone carriage return, as old Macintosh programs write them.

use std::io::{self, Read};

/// Whether this beginning of a file has carriage returns and no line feed.
pub(crate) fn are_lone_returns(head: &[u8]) -> bool {
    head.contains(&b'\r') && !head.contains(&b'\n')
}

/// Reads every carriage return as a line feed.
pub(super) struct LineFeeds<R>(pub(super) R);

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        for byte in buffer[..n].iter_mut().filter(|byte| **byte == b'\r') {
            *byte = b'\n';
        }
        Ok(n)
    }
}
