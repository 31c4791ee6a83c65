//! Filters of logged models: `name = 'clf' AND params.C = '1'`.
//!
//! What a model measured stands with its run here, so conditions on metrics are refused.
//! Source: `mlflow/utils/search_logged_model_utils.py`.

use super::{Condition, FilterError, Kind, Name, read};

/// A text that every model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelText {
    Id,
    Name,
    Type,
    Status,
    SourceRun,
}

/// A time of a model, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelTime {
    Created,
    Updated,
}

/// What a condition on models is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelSubject {
    Text(ModelText),
    Time(ModelTime),
    Param(String),
    Tag(String),
}

/// Reads a filter of logged models; an empty one has no conditions.
pub fn of_models(text: &str) -> Result<Vec<Condition<ModelSubject>>, FilterError> {
    read(text, |clause| {
        let subject = subject(&clause.name)?;
        let kind = match &subject {
            ModelSubject::Time(_) => Kind::Number,
            ModelSubject::Param(_) | ModelSubject::Tag(_) => Kind::Optional,
            ModelSubject::Text(_) => Kind::Text,
        };
        Ok((subject, kind))
    })
}

pub(in crate::tracking) fn subject(name: &Name) -> Result<ModelSubject, FilterError> {
    let key = || name.key.clone();
    match name.entity.as_deref() {
        Some("parameter" | "parameters" | "param" | "params") => Ok(ModelSubject::Param(key())),
        Some("tag" | "tags") => Ok(ModelSubject::Tag(key())),
        None | Some("attribute" | "attributes" | "attr") => attribute(&name.key),
        Some(other) => Err(FilterError::Entity(other.to_owned())),
    }
}

fn attribute(key: &str) -> Result<ModelSubject, FilterError> {
    Ok(match key {
        "model_id" => ModelSubject::Text(ModelText::Id),
        "name" => ModelSubject::Text(ModelText::Name),
        "model_type" => ModelSubject::Text(ModelText::Type),
        "status" => ModelSubject::Text(ModelText::Status),
        "source_run_id" => ModelSubject::Text(ModelText::SourceRun),
        "creation_timestamp" | "creation_timestamp_ms" | "creation_time" => ModelSubject::Time(ModelTime::Created),
        "last_updated_timestamp" | "last_updated_timestamp_ms" => ModelSubject::Time(ModelTime::Updated),
        _ => return Err(FilterError::Attribute(key.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::tracking::filter::{Comparison, Operand};

    #[test]
    fn models_are_found_by_name_run_and_parameters() {
        let found = of_models("name = 'clf' AND attributes.source_run_id IN ('a') AND params.C != '1'").unwrap();
        let subjects: Vec<_> = found.iter().map(|c| c.subject.clone()).collect();
        let expected = [
            ModelSubject::Text(ModelText::Name),
            ModelSubject::Text(ModelText::SourceRun),
            ModelSubject::Param("C".to_owned()),
        ];
        assert_eq!(subjects, expected);
        assert_eq!(found[2].comparison, Comparison::Unequal);
        assert_eq!(found[0].operand, Operand::Text("clf".to_owned()));
        assert_eq!(of_models("metrics.acc > 0.5"), Err(FilterError::Entity("metrics".to_owned())));
        assert_eq!(of_models("colour = 'red'"), Err(FilterError::Attribute("colour".to_owned())));
        assert!(of_models("creation_timestamp > 'x'").is_err());
    }
}
