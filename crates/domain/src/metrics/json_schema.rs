//! Whether a text is JSON, and whether that fits a schema: a part of JSON Schema, draft 2020-12.
//!
//! Known are `type`, `properties`, `required`, `additionalProperties`, `items`, `enum`, `const`, `minimum`, `maximum`,
//! `exclusiveMinimum`, `exclusiveMaximum`, `minLength`, `maxLength`, `minItems`, `maxItems`, `anyOf`, `oneOf`, `allOf`, and the
//! schemas `true` and `false`. Keywords that only describe are read over. Any other, such as `pattern` or `$ref`, is refused:
//! a score of a schema that is half understood would be wrong without saying so.

use serde_json::{Map, Value};

/// Deepest nesting of a schema.
const DEEPEST: usize = 64;

/// Keywords that say nothing about what fits.
const ANNOTATIONS: [&str; 11] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];

/// Why a schema is not one that can be used. `path` is a JSON pointer (RFC 6901) into the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaProblem {
    #[error("{path}: the keyword {keyword:?} is not known here")]
    UnknownKeyword { path: String, keyword: String },
    #[error("{path}: it is not what a schema has there")]
    Malformed { path: String },
    #[error("it is nested deeper than {DEEPEST} levels")]
    TooDeep,
}

/// A schema all of whose keywords are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema(Rule);

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// Of the schemas `true` and `false`.
    Always(bool),
    /// All of these hold.
    All(Vec<Check>),
}

#[derive(Clone, Debug, PartialEq)]
enum Check {
    Types(Vec<Kind>),
    Enum(Vec<Value>),
    /// The keyword `properties` with `additionalProperties`.
    Properties(Vec<(String, Rule)>, Box<Rule>),
    Required(Vec<String>),
    Items(Box<Rule>),
    Minimum(f64),
    Maximum(f64),
    Above(f64),
    Below(f64),
    /// Characters of a string.
    MinLength(usize),
    MaxLength(usize),
    MinItems(usize),
    MaxItems(usize),
    AnyOf(Vec<Rule>),
    OneOf(Vec<Rule>),
    AllOf(Vec<Rule>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Null,
    Boolean,
    Object,
    Array,
    Number,
    Integer,
    String,
}

/// Whether a text is one JSON value and nothing else (RFC 8259).
#[must_use]
pub fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// [`SchemaProblem`] when it has a keyword that is not known here, or a value that the draft does not allow there.
    pub fn new(schema: &Value) -> Result<Self, SchemaProblem> {
        rule(schema, "", 0).map(Self)
    }

    /// Whether a value fits.
    #[must_use]
    pub fn fits(&self, value: &Value) -> bool {
        self.0.fits(value)
    }
}

fn rule(schema: &Value, path: &str, depth: usize) -> Result<Rule, SchemaProblem> {
    if depth > DEEPEST {
        return Err(SchemaProblem::TooDeep);
    }
    match schema {
        Value::Bool(always) => Ok(Rule::Always(*always)),
        Value::Object(keywords) => {
            let mut checks = Vec::new();
            for (keyword, value) in keywords {
                let place = format!("{path}/{}", escaped(keyword));
                checks.extend(check(keyword, value, keywords, &Place { path: &place, depth })?);
            }
            Ok(Rule::All(checks))
        }
        _ => Err(SchemaProblem::Malformed { path: path.to_owned() }),
    }
}

/// Where a keyword stands.
struct Place<'a> {
    path: &'a str,
    depth: usize,
}

impl Place<'_> {
    fn malformed(&self) -> SchemaProblem {
        SchemaProblem::Malformed { path: self.path.to_owned() }
    }

    fn rule(&self, schema: &Value) -> Result<Rule, SchemaProblem> {
        rule(schema, self.path, self.depth + 1)
    }

    fn rules(&self, schemas: &Value) -> Result<Vec<Rule>, SchemaProblem> {
        let schemas = schemas.as_array().filter(|list| !list.is_empty()).ok_or_else(|| self.malformed())?;
        let at = |(i, schema): (usize, &Value)| rule(schema, &format!("{}/{i}", self.path), self.depth + 1);
        schemas.iter().enumerate().map(at).collect()
    }

    fn number(&self, value: &Value) -> Result<f64, SchemaProblem> {
        value.as_f64().ok_or_else(|| self.malformed())
    }

    /// A count, which may be written as 3.0.
    fn count(&self, value: &Value) -> Result<usize, SchemaProblem> {
        let number = self.number(value)?;
        if number >= 0.0 && number.fract() == 0.0 { Ok(number as usize) } else { Err(self.malformed()) }
    }
}

/// The check of one keyword; `None` for one that only describes, or that another one takes with it.
fn check(
    keyword: &str,
    value: &Value,
    beside: &Map<String, Value>,
    place: &Place<'_>,
) -> Result<Option<Check>, SchemaProblem> {
    Ok(Some(match keyword {
        "type" => Check::Types(kinds(value).ok_or_else(|| place.malformed())?),
        "enum" => Check::Enum(value.as_array().cloned().ok_or_else(|| place.malformed())?),
        "const" => Check::Enum(vec![value.clone()]),
        "properties" => properties(value, beside.get("additionalProperties"), place)?,
        "additionalProperties" if beside.contains_key("properties") => return Ok(None),
        "additionalProperties" => Check::Properties(Vec::new(), Box::new(place.rule(value)?)),
        "required" => Check::Required(strings(value).ok_or_else(|| place.malformed())?),
        "items" => Check::Items(Box::new(place.rule(value)?)),
        "minimum" => Check::Minimum(place.number(value)?),
        "maximum" => Check::Maximum(place.number(value)?),
        "exclusiveMinimum" => Check::Above(place.number(value)?),
        "exclusiveMaximum" => Check::Below(place.number(value)?),
        "minLength" => Check::MinLength(place.count(value)?),
        "maxLength" => Check::MaxLength(place.count(value)?),
        "minItems" => Check::MinItems(place.count(value)?),
        "maxItems" => Check::MaxItems(place.count(value)?),
        "anyOf" => Check::AnyOf(place.rules(value)?),
        "oneOf" => Check::OneOf(place.rules(value)?),
        "allOf" => Check::AllOf(place.rules(value)?),
        _ if ANNOTATIONS.contains(&keyword) => return Ok(None),
        _ => {
            let (path, keyword) = (place.path.to_owned(), keyword.to_owned());
            return Err(SchemaProblem::UnknownKeyword { path, keyword });
        }
    }))
}

fn properties(value: &Value, others: Option<&Value>, place: &Place<'_>) -> Result<Check, SchemaProblem> {
    let named = value.as_object().ok_or_else(|| place.malformed())?;
    let at = |(name, schema): (&String, &Value)| {
        let path = format!("{}/{}", place.path, escaped(name));
        Ok((name.clone(), rule(schema, &path, place.depth + 1)?))
    };
    let named = named.iter().map(at).collect::<Result<Vec<_>, SchemaProblem>>()?;
    let others = others.map_or(Ok(Rule::Always(true)), |schema| place.rule(schema))?;
    Ok(Check::Properties(named, Box::new(others)))
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

fn kinds(value: &Value) -> Option<Vec<Kind>> {
    match value {
        Value::String(name) => Some(vec![kind(name)?]),
        Value::Array(names) => names.iter().map(|name| kind(name.as_str()?)).collect(),
        _ => None,
    }
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "object" => Kind::Object,
        "array" => Kind::Array,
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "string" => Kind::String,
        _ => return None,
    })
}

impl Rule {
    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Always(always) => *always,
            Self::All(checks) => checks.iter().all(|check| check.holds(value)),
        }
    }
}

impl Check {
    /// A check of another kind of value holds.
    fn holds(&self, value: &Value) -> bool {
        let number = |holds: &dyn Fn(f64) -> bool| value.as_f64().is_none_or(holds);
        let length = |holds: &dyn Fn(usize) -> bool| value.as_str().is_none_or(|text| holds(text.chars().count()));
        let items = |holds: &dyn Fn(usize) -> bool| value.as_array().is_none_or(|list| holds(list.len()));
        match self {
            Self::Types(kinds) => kinds.iter().any(|kind| kind.is_of(value)),
            Self::Enum(values) => values.iter().any(|allowed| are_equal(allowed, value)),
            Self::Properties(named, others) => value.as_object().is_none_or(|object| {
                let rule_of = |name: &str| named.iter().find(|(n, _)| n == name).map_or(&**others, |(_, rule)| rule);
                object.iter().all(|(name, value)| rule_of(name).fits(value))
            }),
            Self::Required(names) => {
                value.as_object().is_none_or(|object| names.iter().all(|name| object.contains_key(name)))
            }
            Self::Items(rule) => value.as_array().is_none_or(|list| list.iter().all(|item| rule.fits(item))),
            Self::Minimum(limit) => number(&|x| x >= *limit),
            Self::Maximum(limit) => number(&|x| x <= *limit),
            Self::Above(limit) => number(&|x| x > *limit),
            Self::Below(limit) => number(&|x| x < *limit),
            Self::MinLength(limit) => length(&|n| n >= *limit),
            Self::MaxLength(limit) => length(&|n| n <= *limit),
            Self::MinItems(limit) => items(&|n| n >= *limit),
            Self::MaxItems(limit) => items(&|n| n <= *limit),
            Self::AnyOf(rules) => rules.iter().any(|rule| rule.fits(value)),
            Self::OneOf(rules) => rules.iter().filter(|rule| rule.fits(value)).count() == 1,
            Self::AllOf(rules) => rules.iter().all(|rule| rule.fits(value)),
        }
    }
}

impl Kind {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::Number => value.is_number(),
            // 1.0 is an integer since draft 6.
            Self::Integer => value.as_f64().is_some_and(|x| x.fract() == 0.0),
            Self::String => value.is_string(),
        }
    }
}

/// Equality of the draft: numbers by their value, members in any order.
fn are_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || (!both_whole(a, b) && a.as_f64() == b.as_f64()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| are_equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(name, x)| y.get(name).is_some_and(|y| are_equal(x, y)))
        }
        _ => a == b,
    }
}

/// Whole numbers are compared exactly: as floating point, large ones that differ would be the same.
fn both_whole(a: &Value, b: &Value) -> bool {
    [a, b].iter().all(|value| value.is_i64() || value.is_u64())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn fits(schema: &str, value: &str) -> bool {
        Schema::new(&parse(schema).unwrap()).unwrap().fits(&parse(value).unwrap())
    }

    /// Schema, a value that fits, one that does not.
    const CASES: [(&str, &str, &str); 18] = [
        (r#"{"type":"integer"}"#, "1.0", "1.5"),
        (r#"{"type":["null","string"]}"#, "null", "1"),
        (r#"{"type":"boolean"}"#, "true", "0"),
        (r#"{"enum":[1,"a",{"x":[2.0]}]}"#, r#"{"x":[2]}"#, r#"{"x":[3]}"#),
        (r#"{"const":9007199254740993}"#, "9007199254740993", "9007199254740992"),
        (r#"{"properties":{"a":{"type":"string"}}}"#, r#"{"b":1}"#, r#"{"a":1}"#),
        (r#"{"properties":{"a":true},"additionalProperties":false}"#, r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
        (r#"{"additionalProperties":{"type":"number"}}"#, r#"{"a":1}"#, r#"{"a":"1"}"#),
        (r#"{"required":["a"]}"#, r#"{"a":null}"#, r#"{"b":1}"#),
        (r#"{"items":{"minimum":0}}"#, r#"[0,1,"x"]"#, "[-1]"),
        (r#"{"maximum":3}"#, "3", "3.1"),
        (r#"{"exclusiveMinimum":3}"#, "3.1", "3"),
        (r#"{"minLength":2,"maxLength":3}"#, r#""中文""#, r#""😀""#),
        (r#"{"minItems":1,"maxItems":2}"#, "[1]", "[1,2,3]"),
        (r#"{"anyOf":[{"type":"null"},{"minimum":5}]}"#, "7", "4"),
        (r#"{"oneOf":[{"minimum":5},{"maximum":7}]}"#, "9", "6"),
        (r#"{"allOf":[{"minimum":5},{"maximum":7}]}"#, "6", "9"),
        (r#"{"required":["a"],"type":"object"}"#, r#"{"a":1}"#, "3"),
    ];

    #[test]
    fn keywords_hold_what_they_say() {
        for (schema, good, bad) in CASES {
            assert!(fits(schema, good), "{schema} {good}");
            assert!(!fits(schema, bad), "{schema} {bad}");
        }
        assert!(fits("true", "1") && !fits("false", "1") && fits(r#"{"title":"x"}"#, "1"));
        assert!(fits(r#"{"required":["a"]}"#, "3"), "what is no object needs no members");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let problem = |schema: &str| Schema::new(&parse(schema).unwrap()).unwrap_err();
        let unknown = problem(r#"{"properties":{"a/b":{"pattern":"x"}}}"#);
        let path = "/properties/a~1b/pattern".to_owned();
        assert_eq!(unknown, SchemaProblem::UnknownKeyword { path, keyword: "pattern".to_owned() });
        let malformed = |path: &str| SchemaProblem::Malformed { path: path.to_owned() };
        assert_eq!(problem(r#"{"type":"text"}"#), malformed("/type"));
        assert_eq!(problem(r#"{"anyOf":[true,3]}"#), malformed("/anyOf/1"));
        assert_eq!(problem(r#"{"minLength":-1}"#), malformed("/minLength"));
        assert_eq!(problem("3"), malformed(""));
        let deep = (0..=DEEPEST).fold("true".to_owned(), |inner, _| format!(r#"{{"items":{inner}}}"#));
        assert_eq!(problem(&deep), SchemaProblem::TooDeep);
    }

    #[test]
    fn text_around_json_is_not_json() {
        assert_eq!(parse("{\"a\": 1} ok"), None);
        assert_eq!(parse("```json\n1\n```"), None);
        assert!(parse(" [1] \n").is_some() && parse("").is_none() && parse("NaN").is_none());
    }
}
