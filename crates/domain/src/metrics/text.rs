//! (filled by the metrics author)
