//! What runs measured: series and their points, log lines, previews.
