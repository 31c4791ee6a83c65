//! Who a judge is: everything that its answers depend on. What people said of one judge says nothing of another, also where
//! only the model behind the endpoint's name is another one.

use super::JudgeSpec;
use crate::paraphrase::Writer;

/// An endpoint of the server's settings, as far as its answers depend on that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedEndpoint {
    pub name: String,
    pub url: String,
    pub model: String,
}

/// Who a judge is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Equal for the same judge alone. It holds the endpoint's address: only its hash is to be kept or shown.
    pub text: String,
    /// The model behind the endpoint; absent of a model of the project, which never changes.
    pub model: Option<String>,
}

/// Who a definition is with these endpoints; `None` where they are without the one that it names. How often it is asked makes
/// it no other judge.
#[must_use]
pub fn identity(spec: &JudgeSpec, endpoints: &[AskedEndpoint]) -> Option<Identity> {
    let endpoint = match &spec.asked {
        Writer::Endpoint { name } => Some(endpoints.iter().find(|endpoint| endpoint.name == *name)?),
        Writer::Model { .. } => None,
    };
    let asked = (spec.mode, spec.lang, &spec.criteria, spec.template());
    let how = (&spec.asked, endpoint.map(|e| (&e.url, &e.model)), spec.temperature, spec.max_tokens);
    let text = serde_json::to_string(&(asked, how)).ok()?;
    Some(Identity { text, model: endpoint.map(|endpoint| endpoint.model.clone()) })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{id::ModelId, judge::tests::rubric};

    fn house(url: &str, model: &str) -> [AskedEndpoint; 1] {
        [AskedEndpoint { name: "house".to_owned(), url: url.to_owned(), model: model.to_owned() }]
    }

    #[test]
    fn another_model_behind_the_name_is_another_judge() {
        let spec = rubric(&["truth"]);
        let of = |spec: &JudgeSpec, url: &str, model: &str| identity(spec, &house(url, model)).unwrap().text;
        let now = of(&spec, "http://a/v1/", "m");
        assert_eq!(now, of(&JudgeSpec { repeats: 5, ..spec.clone() }, "http://a/v1/", "m"));
        let others = [
            of(&spec, "http://a/v1/", "m2"),
            of(&spec, "http://b/v1/", "m"),
            of(&JudgeSpec { temperature: 0.5, ..spec.clone() }, "http://a/v1/", "m"),
            of(&JudgeSpec { template: "Rate {answer}".to_owned(), ..spec.clone() }, "http://a/v1/", "m"),
            of(&rubric(&["tone"]), "http://a/v1/", "m"),
        ];
        assert!(others.iter().all(|other| *other != now));
        assert_eq!(identity(&spec, &[]), None, "nobody knows who would be asked");
        let local = JudgeSpec { asked: Writer::Model { model_id: ModelId::new(), run_id: None }, ..spec };
        assert_eq!(identity(&local, &[]).unwrap().model, None);
    }
}
