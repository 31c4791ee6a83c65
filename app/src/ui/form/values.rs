//! What a form says before anybody has read it: named values, which the page's address, its forms and their posts share.

use crate::routes::encode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Named values; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// The values of a page's query or of a post.
    #[must_use]
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.as_ref().to_owned(), v.as_ref().to_owned())).collect())
    }

    /// A value, without surrounding space.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |v| v.trim())
    }

    /// A value that is not empty.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|v| !v.is_empty())
    }

    /// Whether a box of this name was ticked.
    #[must_use]
    pub fn is_checked(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// Whether the form had a field of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The values whose names begin so, with what follows in their names, such as the ids of people.
    pub fn beginning<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let given = self.0.iter().filter(|(_, v)| !v.trim().is_empty());
        given.filter_map(move |(name, value)| Some((name.strip_prefix(start)?, value.trim())))
    }

    /// Puts a value in place of what was there.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Leaves out the values of these names.
    pub fn remove(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| !is_gone(name));
    }

    /// The values, for hidden fields of a form.
    pub fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone()))
    }

    /// As a query string without the question mark.
    #[must_use]
    pub fn query(&self) -> String {
        let given = self.0.iter().filter(|(_, v)| !v.is_empty());
        given.map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_what_was_given() {
        let values = Values::from_pairs([("name", " 评论 "), ("seed", ""), ("use.a", "label"), ("use.b", " ")]);
        assert_eq!(values.get("name"), "评论");
        assert_eq!((values.given("seed"), values.has("seed"), values.has("job")), (None, true, false));
        assert_eq!(values.beginning("use.").collect::<Vec<_>>(), [("a", "label")]);
        assert_eq!(values.query(), "name=%20%E8%AF%84%E8%AE%BA%20&use.a=label&use.b=%20");
    }
}
