//! How much one request may bring, and how names may look: MLflow's limits, so that a script
//! which works with one server works with the other.
//! Source: `mlflow/utils/validation.py`.

/// Longest key of a metric, parameter or tag, in characters.
pub const KEY_CHARS: usize = 250;
/// Longest value of a parameter.
pub const PARAM_CHARS: usize = 6000;
/// Longest value of a tag.
pub const TAG_CHARS: usize = 8000;
/// Longest name of an experiment or run.
pub const NAME_CHARS: usize = 500;
/// Most metrics, and most of everything together, in one batch.
pub const BATCH: usize = 1000;
/// Most parameters, and most tags, in one batch.
pub const BATCH_PAIRS: usize = 100;
/// Most datasets in one request.
pub const INPUTS: usize = 1000;
/// Most runs or experiments on one page of a search.
pub const SEARCH_MOST: u32 = 50_000;
/// Runs or experiments on a page where the client does not say.
pub const SEARCH_USUAL: u32 = 1000;
/// Longest path of an artifact, in bytes.
pub const PATH_BYTES: usize = 1000;

/// Why something may not be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("missing value for required parameter '{0}'")]
    Missing(&'static str),
    #[error("{what} '{start}' had length {chars}, which exceeds the limit of {limit}")]
    TooLong { what: &'static str, start: String, chars: usize, limit: usize },
    #[error(
        "invalid {what} name: '{name}'. Names may only contain alphanumerics, underscores, dashes, periods, spaces, colons and slashes"
    )]
    BadName { what: &'static str, name: String },
    #[error("a request can contain at most {limit} {what}; got {count}")]
    TooMany { what: &'static str, count: usize, limit: usize },
    #[error("got invalid timestamp {0}: it must be a nonnegative number of milliseconds")]
    BadTime(i64),
}

/// Refuses a text that is too long.
pub fn within(what: &'static str, text: &str, limit: usize) -> Result<(), Refused> {
    let chars = text.chars().count();
    if chars > limit {
        return Err(Refused::TooLong { what, start: text.chars().take(100).collect(), chars, limit });
    }
    Ok(())
}

/// Refuses a key that is missing, too long, or would be another name as a file's.
pub fn key(what: &'static str, key: &str) -> Result<(), Refused> {
    if key.is_empty() {
        return Err(Refused::Missing("key"));
    }
    within(what, key, KEY_CHARS)?;
    let plain = key.chars().all(|c| c.is_alphanumeric() || "/_.-: ".contains(c));
    let unique = key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if plain && unique { Ok(()) } else { Err(Refused::BadName { what, name: key.to_owned() }) }
}

/// Refuses more than `limit`.
pub fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), Refused> {
    if count > limit { Err(Refused::TooMany { what, count, limit }) } else { Ok(()) }
}

/// Whether this is the path of an artifact: parts that go down, and no other way to spell it.
#[must_use]
pub fn is_path(path: &str) -> bool {
    path.len() <= PATH_BYTES
        && path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_names_of_files_too() {
        for good in ["loss", "val/loss", "a b", "lr:0", "准确率", "epoch_1.0-x"] {
            assert_eq!(key("metric", good), Ok(()), "{good}");
        }
        for bad in ["", "a//b", "/a", "../a", "a/.", "a\nb", "a,b", &"x".repeat(251)] {
            assert!(key("metric", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        assert!(is_path("model/MLmodel") && is_path("a") && is_path("a b/图.png"));
        for bad in ["", "/a", "a/", "../a", "a/../../b", "a/./b", "a\\b", &"x".repeat(1001)] {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn a_long_value_is_quoted_in_part() {
        let refused = within("param value", &"字".repeat(6001), PARAM_CHARS).map_err(|e| e.to_string());
        assert!(refused.is_err_and(|text| text.contains("6001") && text.len() < 500));
    }
}
