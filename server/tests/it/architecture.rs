//! The rules of ARCHITECTURE.md that a compiler does not check: who may name whom, where SQL may stand,
//! what the browser build may contain, and how large a file may grow. Reads the source tree; runs no server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One Rust file of the workspace.
struct Source {
    /// Path from the workspace root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Lines that are code, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(i, l)| (i + 1, l)).filter(|(_, l)| !l.trim_start().starts_with("//"))
    }

    /// `path:line` of each line of code that `matches`.
    fn places<'a>(&'a self, matches: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
        self.code()
            .filter(move |(_, line)| matches(line))
            .map(|(n, line)| format!("{}:{n}: {}", self.path, line.trim()))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every Rust file below `folders`.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|f| root().join(f)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

const ALL: &[&str] = &["app", "server", "trainer", "crates"];

/// Fails with every place that breaks `rule`.
fn none(rule: &str, places: impl IntoIterator<Item = String>) {
    let places: Vec<String> = places.into_iter().collect();
    assert!(places.is_empty(), "{rule}:\n  {}", places.join("\n  "));
}

/// Names of the packages that `package` is built from, itself included.
fn dependencies(package: &str, arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--package", package])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut names: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|l| l.split_whitespace().next().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn sql_stands_in_store_alone() {
    let words = ["sqlx::query", "query_as(", "query_scalar(", "QueryBuilder", "copy_in_raw", "raw_sql("];
    none(
        "only crates/store holds SQL (server/src/postgres looks after the cluster itself; tests may look into the database)",
        sources(&["app", "server/src", "trainer", "crates"])
            .iter()
            .filter(|s| !s.path.starts_with("crates/store/") && !s.path.starts_with("server/src/postgres"))
            .flat_map(|s| s.places(move |l| words.iter().any(|w| l.contains(w)))),
    );
}

#[test]
fn pages_reach_the_store_through_api_files() {
    // error.rs turns a store error into what a user may read.
    let may = |path: &str| path.ends_with("/api.rs") || path.contains("/api/") || path == "app/src/error.rs";
    let names_store = |line: &str| {
        line.contains("use store")
            || line.starts_with("store::")
            || line.contains(" store::")
            || line.contains("(store::")
    };
    none(
        "in app, only api.rs files name `store`",
        sources(&["app/src"]).iter().filter(|s| !may(&s.path)).flat_map(|s| s.places(names_store)),
    );
}

#[test]
fn features_do_not_import_each_other() {
    let features = [
        "account", "annotate", "badcases", "compare", "datasets", "evals", "judges", "models", "projects", "reports",
        "runs",
    ];
    let feature_of = |path: &str| {
        let rest = path.strip_prefix("app/src/")?;
        let name = rest.split(['/', '.']).next()?;
        features.iter().find(|f| **f == name).copied()
    };
    none(
        "feature folders of app share ui, routes, text, error and domain, never each other",
        sources(&["app/src"]).iter().filter_map(|s| feature_of(&s.path).map(|own| (s, own))).flat_map(|(s, own)| {
            s.places(move |l| features.iter().any(|f| *f != own && l.contains(&format!("crate::{f}::"))))
        }),
    );
}

#[test]
fn the_trainer_knows_no_web_and_no_database() {
    let forbidden = ["sqlx", "axum", "leptos", "hyper", "reqwest", "store", "app", "server"];
    none("trainer stands alone", dependencies("trainer", &[]).into_iter().filter(|d| forbidden.contains(&d.as_str())));
}

#[test]
fn the_server_opens_no_model() {
    let forbidden = ["trainer", "candle-core", "tokenizers", "minijinja", "safetensors"];
    none(
        "model files are hostile input: only the trainer's processes read them",
        dependencies("server", &[]).into_iter().filter(|d| forbidden.contains(&d.as_str())),
    );
}

#[test]
fn the_vocabulary_is_pure() {
    let allowed = ["serde", "serde_json", "thiserror", "time", "toml", "uuid", "domain"];
    none(
        "domain depends on nothing that does I/O",
        dependencies("domain", &["--depth", "1"]).into_iter().filter(|d| !allowed.contains(&d.as_str())),
    );
    none(
        "domain reads no file, clock or socket",
        sources(&["crates/domain/src"]).iter().flat_map(|s| {
            s.places(|l| {
                ["std::fs", "std::net", "std::process", "now_utc", "SystemTime::now"].iter().any(|w| l.contains(w))
            })
        }),
    );
}

#[test]
fn the_browser_build_is_lean() {
    let forbidden = ["sqlx", "sqlx-core", "tokio", "axum", "candle-core", "tokenizers", "store", "trainer", "rand"];
    let arguments = ["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", "hydrate"];
    none(
        "the browser build holds no server code",
        dependencies("app", &arguments).into_iter().filter(|d| forbidden.contains(&d.as_str())),
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    none(
        "a Rust file opens with //!",
        sources(ALL).iter().filter(|s| !s.text.starts_with("//! ")).map(|s| s.path.clone()),
    );
}

#[test]
fn no_file_outgrows_a_reader() {
    none(
        "a Rust file has at most 500 lines",
        sources(ALL)
            .iter()
            .filter(|s| s.text.lines().count() > 500)
            .map(|s| format!("{}: {}", s.path, s.text.lines().count())),
    );
}

#[test]
fn modules_are_named_for_what_they_hold() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc", "manager", "service"];
    none(
        "no module is called utils, helpers, common, manager or service",
        sources(ALL)
            .iter()
            .filter(|s| {
                Path::new(&s.path)
                    .components()
                    .any(|c| vague.contains(&c.as_os_str().to_str().unwrap().trim_end_matches(".rs")))
            })
            .map(|s| s.path.clone()),
    );
}

#[test]
fn pages_obey_their_own_content_policy() {
    let inline = [" style=", "\tstyle=", " onclick=", " onchange=", " onsubmit=", " oninput="];
    none(
        "no inline style attributes or event handlers: the content security policy forbids them",
        sources(&["app/src", "server/src"]).iter().flat_map(|s| {
            s.places(move |l| inline.iter().any(|w| l.contains(w)) || l.trim_start().starts_with("style="))
        }),
    );
}

#[test]
fn secrets_are_named_so() {
    none(
        "what is typed into a refused form is kept, but for names with `password` or `secret` in them: a password input needs such a name",
        sources(&["app/src"]).iter().filter(|s| !s.path.ends_with("/refill.rs")).flat_map(|s| {
            s.places(|l| {
                let name = l.split(" name=\"").nth(1).and_then(|rest| rest.split('"').next());
                l.contains(r#"type="password""#) && !name.is_some_and(app::ui::form::is_secret)
            })
        }),
    );
}

#[test]
fn unsafe_code_stays_in_the_numeric_operations() {
    none(
        "only trainer/src/ops may allow unsafe code",
        sources(ALL)
            .iter()
            .filter(|s| !s.path.starts_with("trainer/src/ops") && s.path != "server/tests/it/architecture.rs")
            .flat_map(|s| s.places(|l| l.contains("allow(unsafe_code") || l.contains("expect(unsafe_code"))),
    );
}
