//! The order of a search: `metrics.loss ASC`, `attributes.start_time DESC`.

use super::filter::{
    ExperimentSubject, FilterError, ModelSubject, Name, Subject, Token, experiment_subject, model_subject, subject,
    tokens,
};

/// Most columns that one search is ordered by.
pub const MOST: usize = 20;

/// One column of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By<S> {
    pub subject: S,
    pub descends: bool,
}

/// What experiments are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExperimentColumn {
    Id,
    Name,
    Created,
    Updated,
}

/// Reads an order of runs.
pub fn of_runs(texts: &[String]) -> Result<Vec<By<Subject>>, FilterError> {
    read(texts, |name, text| match subject(name)? {
        Subject::Input(_) => Err(FilterError::Order(text.to_owned())),
        subject => Ok(subject),
    })
}

/// Reads an order of experiments.
pub fn of_experiments(texts: &[String]) -> Result<Vec<By<ExperimentColumn>>, FilterError> {
    read(texts, |name, text| {
        if name.key == "experiment_id" {
            return Ok(ExperimentColumn::Id);
        }
        match experiment_subject(name)? {
            ExperimentSubject::Name => Ok(ExperimentColumn::Name),
            ExperimentSubject::Created => Ok(ExperimentColumn::Created),
            ExperimentSubject::Updated => Ok(ExperimentColumn::Updated),
            ExperimentSubject::Tag(_) => Err(FilterError::Order(text.to_owned())),
        }
    })
}

/// Reads an order of logged models: fields, each with whether it descends.
pub fn of_models(fields: &[(String, bool)]) -> Result<Vec<By<ModelSubject>>, FilterError> {
    let column = |(field, descends): &(String, bool)| {
        let By { subject, .. } = read(std::slice::from_ref(field), |name, _| model_subject(name))?
            .pop()
            .ok_or_else(|| FilterError::Order(field.clone()))?;
        Ok(By { subject, descends: *descends })
    };
    if fields.len() > MOST {
        return Err(FilterError::Order(format!("more than {MOST} columns")));
    }
    fields.iter().map(column).collect()
}

fn read<S>(texts: &[String], about: impl Fn(&Name, &str) -> Result<S, FilterError>) -> Result<Vec<By<S>>, FilterError> {
    if texts.len() > MOST {
        return Err(FilterError::Order(format!("more than {MOST} columns")));
    }
    let column = |text: &String| {
        let wrong = || FilterError::Order(text.clone());
        let words = tokens(text)?;
        let (first, rest) = words.split_first().ok_or_else(wrong)?;
        let descends = match rest {
            [] => false,
            [word] if word.is("asc") => false,
            [word] if word.is("desc") => true,
            _ => return Err(wrong()),
        };
        let name = Token::name(first).ok_or_else(wrong)?;
        Ok(By { subject: about(&name, text)?, descends })
    };
    texts.iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::filter::TimeAttribute;

    #[test]
    fn columns_rise_unless_they_say_otherwise() {
        let texts = ["metrics.`val loss` DESC", "start_time", "params.lr asc"].map(str::to_owned);
        let expected = [
            By { subject: Subject::Metric("val loss".to_owned()), descends: true },
            By { subject: Subject::Time(TimeAttribute::StartTime), descends: false },
            By { subject: Subject::Param("lr".to_owned()), descends: false },
        ];
        assert_eq!(of_runs(&texts), Ok(expected.to_vec()));
        let names = ["name", "experiment_id DESC"].map(str::to_owned);
        assert_eq!(of_experiments(&names).map(|o| o.len()), Ok(2));
    }

    #[test]
    fn what_is_no_column_is_refused() {
        for bad in ["", "metrics.a DOWN", "metrics.a desc desc", "datasets.name", "colour"] {
            assert!(of_runs(&[bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(of_runs(&vec!["start_time".to_owned(); MOST + 1]).is_err());
        assert!(of_experiments(&["tags.a".to_owned()]).is_err());
    }
}
