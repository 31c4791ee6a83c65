//! Requests made up from the OpenAPI document: enough of a path, query and body for a request to
//! get past parsing, to where it is decided who may do it.

use serde_json::{Map, Value, json};

/// One operation of the API.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Upper case.
    pub method: String,
    /// With `{names}`.
    pub path: String,
    body: Value,
    parameters: Vec<Value>,
}

/// Every operation of the document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, o)| o.get("responses").is_some()) {
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                body: operation["requestBody"]["content"].clone(),
                parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
            });
        }
    }
    found
}

impl Operation {
    /// As the access table names it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path.strip_prefix(server::rest::PREFIX).unwrap())
    }

    /// The address in `project`, with ids that name nothing and all required parameters.
    pub fn address(&self, project: &str, schemas: &Value) -> String {
        let mut path = self.path.replace("{project}", project);
        let mut query = Vec::new();
        for parameter in &self.parameters {
            let name = parameter["name"].as_str().unwrap();
            let value = sample(&parameter["schema"], schemas);
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if parameter["in"] == "path" {
                path = path.replace(&format!("{{{name}}}"), &value);
            } else if parameter["in"] == "query" && parameter["required"] == true {
                query.push(format!("{name}={value}"));
            }
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// Media type and bytes of the smallest valid body.
    pub fn sample_body(&self, schemas: &Value) -> Option<(String, Vec<u8>)> {
        let (media, content) = self.body.as_object()?.iter().next()?;
        Some(match media.as_str() {
            "application/json" => (media.clone(), sample(&content["schema"], schemas).to_string().into_bytes()),
            "multipart/form-data" => (format!("{media}; boundary=b"), b"--b--\r\n".to_vec()),
            _ => (media.clone(), b"x".to_vec()),
        })
    }
}

/// The smallest value that a schema allows.
fn sample(schema: &Value, schemas: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        return sample(&schemas[name], schemas);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in parts {
            all.extend(sample(part, schemas).as_object().cloned().unwrap_or_default());
        }
        return Value::Object(all);
    }
    if let Some(first) =
        schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()).and_then(|kinds| kinds.last())
    {
        return sample(first, schemas);
    }
    if let Some(word) = schema["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    if let Some(word) = schema.get("const") {
        return word.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match (kind, schema["format"].as_str()) {
        ("string", Some("uuid")) => json!("00000000-0000-7000-8000-000000000000"),
        ("string", Some("date-time")) => json!("2026-01-01T00:00:00Z"),
        ("string", _) => json!("x"),
        ("integer" | "number", _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        ("boolean", _) => json!(false),
        ("array", _) => json!([]),
        ("null", _) => Value::Null,
        _ => required_fields(schema, schemas),
    }
}

fn required_fields(schema: &Value, schemas: &Value) -> Value {
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| (name.to_owned(), sample(&schema["properties"][name], schemas))).collect::<Map<_, _>>().into()
}
