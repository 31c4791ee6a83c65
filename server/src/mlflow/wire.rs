//! Values as MLflow's clients write and read them in JSON and in queries. A 64-bit integer may come as a text (that is how
//! protobuf writes it), numbers that JSON lacks come and go as `"NaN"`, `"Infinity"`, `"-Infinity"`.

use super::refusal::Refusal;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use domain::{
    id::TrackedRunId,
    tracking::{
        Pair,
        limits::{SEARCH_MOST, SEARCH_USUAL},
    },
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;
use store::tracking::TrackError;

/// A JSON body, in or out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if request.headers().get(CONTENT_TYPE).is_none_or(|it| it != "application/json") {
            return Ok(Self(axum::Json::<T>::from_request(request, state).await?.0));
        }
        let body = Bytes::from_request(request, state).await.map_err(JsonRejection::from)?;
        // To say where in a body the fault lies, axum's reader writes down each key that it comes by: a batch is read without
        // that, and again with it where it cannot be read.
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(Self(value)),
            Err(_) => Ok(Self(axum::Json::<T>::from_bytes(&body)?.0)),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parameters of the query.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Refusal))]
pub(super) struct Query<T>(pub(super) T);

/// The answer that says nothing but that it is done.
#[derive(Debug, Serialize)]
pub(super) struct Done {}

/// A 64-bit integer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Int(pub(super) i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Int;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, n: i64) -> Result<Int, E> {
                Ok(Int(n))
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<Int, E> {
                i64::try_from(n).map(Int).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_f64<E: Error>(self, x: f64) -> Result<Int, E> {
                // 2⁵³: below it every whole number is exact.
                if x.fract() == 0.0 && x.abs() < 9_007_199_254_740_992.0 {
                    Ok(Int(x as i64))
                } else {
                    Err(E::custom("the number is not whole"))
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Int, E> {
                text.parse().map(Int).map_err(E::custom)
            }
        }
        from.deserialize_any(Reader)
    }
}

/// A number, perhaps not a finite one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Real(pub(super) f64);

impl<'de> Deserialize<'de> for Real {
    /// From its text: what serde_json itself makes of 17 digits may be off in the last one.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let written = raw.get();
        if written.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return written.parse().map(Real).map_err(D::Error::custom);
        }
        let Ok(text) = serde_json::from_str::<String>(written) else {
            return Err(D::Error::custom(format!("expected a number, found {written}")));
        };
        text.parse().map(Real).map_err(D::Error::custom)
    }
}

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_nan() => to.serialize_str("NaN"),
            x if x.is_infinite() => to.serialize_str(if x > 0.0 { "Infinity" } else { "-Infinity" }),
            x => to.serialize_f64(x),
        }
    }
}

/// A parameter or tag in a request.
#[derive(Debug, Deserialize)]
pub(super) struct KeyValue {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

impl From<KeyValue> for Pair {
    fn from(pair: KeyValue) -> Self {
        Self { key: pair.key, value: pair.value }
    }
}

/// The run that a request names; `run_uuid` is how it was called before MLflow 1.
pub(super) fn run_id(run_id: Option<&str>, run_uuid: Option<&str>) -> Result<TrackedRunId, Refusal> {
    let named = run_id.filter(|id| !id.is_empty()).or(run_uuid.filter(|id| !id.is_empty()));
    let text = named.ok_or_else(|| Refusal::missing("run_id"))?;
    text.parse().map_err(|_| TrackError::NoRun(text.to_owned()).into())
}

/// The experiment that a request names.
pub(super) fn experiment_id(text: &str) -> Result<i32, Refusal> {
    if text.is_empty() {
        return Err(Refusal::missing("experiment_id"));
    }
    text.parse().map_err(|_| TrackError::NoExperiment(text.to_owned()).into())
}

/// Size of a search's page, and how many entries lie before it.
pub(super) fn page(max_results: Option<Int>, token: Option<&str>) -> Result<(u32, u32), Refusal> {
    let limit = match max_results {
        None => SEARCH_USUAL,
        Some(Int(n)) => u32::try_from(n).ok().filter(|n| (1..=SEARCH_MOST).contains(n)).ok_or_else(|| {
            Refusal::invalid(format!("invalid value {n} for parameter 'max_results': expected 1 to {SEARCH_MOST}"))
        })?,
    };
    let offset = match token.filter(|t| !t.is_empty()) {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("invalid page token"))?,
    };
    Ok((limit, offset))
}

/// The token of the page behind this one.
pub(super) fn next_token(has_more: bool, limit: u32, offset: u32) -> Option<String> {
    has_more.then(|| offset.saturating_add(limit).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::StatusCode};

    #[tokio::test]
    async fn a_body_is_read_by_its_type_and_content() -> Result<(), axum::http::Error> {
        let cases = [
            ("application/json", "[1]", Ok(vec![1])),
            ("application/json; charset=utf-8", "[1]", Ok(vec![1])),
            ("text/plain", "[1]", Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
            ("application/json", "[1", Err(StatusCode::BAD_REQUEST)),
            ("application/json", "[1] 2", Err(StatusCode::BAD_REQUEST)),
            ("application/json", "[true]", Err(StatusCode::UNPROCESSABLE_ENTITY)),
        ];
        for (kind, text, expected) in cases {
            let request = axum::http::Request::builder().header(CONTENT_TYPE, kind).body(Body::from(text))?;
            let read = Json::<Vec<i32>>::from_request(request, &()).await;
            let read = read.map(|Json(read)| read).map_err(|refusal| refusal.into_response().status());
            assert_eq!(read, expected, "{kind} {text}");
        }
        Ok(())
    }

    #[test]
    fn integers_come_as_numbers_or_texts() {
        let read = |text: &str| serde_json::from_str::<Int>(text).ok().map(|n| n.0);
        assert_eq!(["7", "\"-7\"", "1700000000000", "3.0"].map(read), [7, -7, 1_700_000_000_000, 3].map(Some));
        assert_eq!(["3.5", "\"x\"", "null", "18446744073709551615"].map(read), [None; 4]);
    }

    #[test]
    fn numbers_that_json_lacks_are_texts() -> Result<(), serde_json::Error> {
        for text in ["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "0.1", "5.0"] {
            assert_eq!(serde_json::to_string(&serde_json::from_str::<Real>(text)?)?, text);
        }
        assert_eq!(serde_json::from_str::<Real>("3")?, Real(3.0));
        for x in (0..1000).map(|i| f64::from(i) / 7.0) {
            assert_eq!(serde_json::from_str::<Real>(&serde_json::to_string(&x)?)?, Real(x), "to the last bit");
        }
        assert!(["null", "true", "[1]", "\"x\""].iter().all(|text| serde_json::from_str::<Real>(text).is_err()));
        Ok(())
    }
}
