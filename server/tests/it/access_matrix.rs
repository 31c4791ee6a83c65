//! Who may reach what: every operation of the REST API for every role, every server function and
//! every page for strangers. An operation that the table (`support/access_table.rs`) does not know fails the test, so
//! that nobody adds a door without saying who may use it.

use crate::access_table::{Access, Anybody, InPerson, MLFLOW_TABLE, Project, TABLE, Unbound};
use crate::openapi::{self, Operation};
use crate::support::{Credential, TestApp};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use domain::{
    access::{Action::Administer, Role, TokenScope, permits},
    id::{ProjectId, UserId},
};
use serde_json::Value;
use store::PgPool;

fn access_of(operation: &Operation) -> Access {
    let name = operation.name();
    let row = TABLE.iter().find(|(known, _)| *known == name);
    row.unwrap_or_else(|| panic!("{name} is not in the access table: say who may use it")).1
}

/// A person in each standing.
struct Cast {
    members: Vec<(Role, UserId, Credential)>,
    stranger: Credential,
    owner: UserId,
}

impl Cast {
    async fn new(app: &TestApp) -> Self {
        let mut members = Vec::new();
        // The owner last: what an owner may do can take the project away.
        for role in [Role::Manager, Role::Annotator, Role::Scientist, Role::Owner] {
            let user = app.person(role.as_str()).await;
            members.push((role, user, Credential::Browser(app.session(user).await)));
        }
        let stranger = app.person("stranger").await;
        let owner = members[3].1;
        Self { members, stranger: Credential::Browser(app.session(stranger).await), owner }
    }

    /// A fresh project with everybody in it but the stranger.
    async fn project(&self, app: &TestApp) -> ProjectId {
        let project = store::projects::create(&app.db, self.owner, "P", "").await.unwrap();
        for (role, user, _) in self.members.iter().filter(|(role, ..)| *role != Role::Owner) {
            app.join(self.owner, project, *user, *role).await;
        }
        project
    }
}

/// What an operation answers to somebody.
async fn status(
    app: &TestApp,
    operation: &Operation,
    schemas: &Value,
    project: ProjectId,
    who: &Credential,
) -> StatusCode {
    let address = operation.address(&project.to_string(), schemas);
    let request = who.request(&operation.method, &address);
    let request = match operation.sample_body(schemas) {
        Some((media, body)) => request.header(header::CONTENT_TYPE, media).body(Body::from(body)),
        None => request.body(Body::empty()),
    };
    let answer = app.send(request.unwrap()).await;
    assert!(!answer.status().is_server_error(), "{} fails: {:?}", operation.name(), answer.body());
    answer.status()
}

/// Whether a status says that the caller may do it. A `404` counts: the ids name nothing.
fn is_let_in(status: StatusCode) -> bool {
    !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

#[sqlx::test(migrations = "../migrations")]
async fn every_operation_lets_in_whom_the_table_names(db: PgPool) {
    let app = TestApp::new(db);
    let cast = Cast::new(&app).await;
    let read = Credential::Script(app.token(cast.owner, TokenScope::Read, None).await);
    let elsewhere = store::projects::create(&app.db, cast.owner, "Elsewhere", "").await.unwrap();
    let bound = Credential::Script(app.token(cast.owner, TokenScope::Write, Some(elsewhere)).await);
    let document = serde_json::to_value(server::rest::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let operations = openapi::operations(&document);
    for (known, _) in TABLE {
        assert!(operations.iter().any(|o| o.name() == *known), "{known} is in the access table, but not in the API");
    }
    for operation in &operations {
        let (name, access) = (operation.name(), access_of(operation));
        let project = cast.project(&app).await;
        let ask = async |who: &Credential| status(&app, operation, schemas, project, who).await;
        assert_eq!(ask(&Credential::Nobody).await, StatusCode::UNAUTHORIZED, "{name}, nobody");
        let forged = Credential::Script("Bearer lathe_0".to_owned());
        assert_eq!(ask(&forged).await, StatusCode::UNAUTHORIZED, "{name}, forged token");
        match access {
            Project(action) => {
                assert_eq!(ask(&cast.stranger).await, StatusCode::NOT_FOUND, "{name}, stranger");
                assert_eq!(ask(&bound).await, StatusCode::NOT_FOUND, "{name}, token of another project");
                assert_eq!(is_let_in(ask(&read).await), action.is_read_only(), "{name}, read token");
                for (role, _, who) in &cast.members {
                    assert_eq!(is_let_in(ask(who).await), permits(Some(*role), None, action), "{name}, {role:?}");
                }
            }
            Anybody | Unbound { .. } | InPerson => {
                assert!(is_let_in(ask(&cast.stranger).await), "{name}, stranger");
                let reads = access == Anybody || access == Unbound { writes: false };
                assert_eq!(is_let_in(ask(&read).await), reads, "{name}, read token");
                assert_eq!(is_let_in(ask(&bound).await), access == Anybody, "{name}, bound token");
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn mlflow_lets_in_whom_the_table_names(db: PgPool) {
    let app = TestApp::new(db);
    let cast = Cast::new(&app).await;
    let project = cast.project(&app).await;
    let read = Credential::Script(app.token(cast.owner, TokenScope::Read, None).await);
    let own = Credential::Script(app.token(cast.owner, TokenScope::Read, Some(project)).await);
    let elsewhere = store::projects::create(&app.db, cast.owner, "Elsewhere", "").await.unwrap();
    let bound = Credential::Script(app.token(cast.owner, TokenScope::Write, Some(elsewhere)).await);
    let endpoints = server::mlflow::endpoints();
    let names: Vec<_> = endpoints.iter().map(|e| format!("{} {}", e.method, e.path)).collect();
    for (known, _) in MLFLOW_TABLE {
        assert!(names.iter().any(|name| name == known), "{known} is in the access table, but not in the API");
    }
    for (endpoint, name) in endpoints.iter().zip(&names) {
        let row = MLFLOW_TABLE.iter().find(|(known, _)| known == name);
        let action = row.unwrap_or_else(|| panic!("{name} is not in the access table: say who may use it")).1;
        assert_eq!(endpoint.action, action, "{name}");
        let below = endpoint
            .path
            .replace("{model}", &format!("m-{}", "0".repeat(32)))
            .replace("{*path}", &format!("{project}/{}/artifacts/x", "0".repeat(32)));
        let ask = async |who: &Credential, place: &str| {
            let request = who.request(endpoint.method, &format!("{place}/api/2.0{below}"));
            let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
            let answer = app.send(request).await;
            assert!(!answer.status().is_server_error(), "{name} fails: {:?}", answer.body());
            let body: Value = serde_json::from_slice(answer.body()).unwrap();
            assert!(answer.status().is_success() || body["error_code"].is_string(), "{name}: {body}");
            answer.status()
        };
        let place = format!("/mlflow/{project}");
        for nobody in [Credential::Nobody, Credential::Script("Bearer lathe_0".to_owned())] {
            assert_eq!(ask(&nobody, &place).await, StatusCode::UNAUTHORIZED, "{name}, nobody");
            assert_eq!(ask(&nobody, "").await, StatusCode::UNAUTHORIZED, "{name}, nobody");
        }
        assert_eq!(ask(&cast.stranger, &place).await, StatusCode::NOT_FOUND, "{name}, stranger");
        assert_eq!(ask(&bound, &place).await, StatusCode::NOT_FOUND, "{name}, token of another project");
        assert_eq!(is_let_in(ask(&read, &place).await), action.is_read_only(), "{name}, read token");
        assert_eq!(is_let_in(ask(&own, "").await), action.is_read_only(), "{name}, read token of the project");
        for (role, _, who) in &cast.members {
            assert_eq!(is_let_in(ask(who, &place).await), permits(Some(*role), None, action), "{name}, {role:?}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_send_strangers_to_sign_in(db: PgPool) {
    let app = TestApp::new(db);
    let open = ["/sign-in", "/invite/{secret}"];
    let routes = leptos_axum::generate_route_list(app::App);
    assert!(routes.len() > 10);
    for route in routes.iter().filter(|r| !open.contains(&r.path())) {
        let path = route
            .path()
            .split('/')
            .map(|part| if part.starts_with('{') { "00000000-0000-7000-8000-000000000000" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let answer = app
            .send(
                Credential::Nobody
                    .request("GET", &path)
                    .header(header::ACCEPT, "text/html")
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{path}");
        let target = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        assert_eq!(target, app::routes::sign_in_then(&path));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_of_a_project_do_not_exist_for_strangers(db: PgPool) {
    let app = TestApp::new(db);
    let cast = Cast::new(&app).await;
    let project = cast.project(&app).await;
    for path in [app::routes::project(project), app::routes::settings(project)] {
        let get =
            async |who: &Credential| app.send(who.request("GET", &path).body(Body::empty()).unwrap()).await.status();
        assert_eq!(get(&cast.stranger).await, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(get(&cast.members[0].2).await, StatusCode::OK, "{path}");
    }
}

/// The one page that a form is posted to: who may not look for texts is shown none, whatever they post.
#[sqlx::test(migrations = "../migrations")]
async fn only_owners_look_for_texts_to_forget(db: PgPool) {
    let app = TestApp::new(db);
    let cast = Cast::new(&app).await;
    let project = cast.project(&app).await;
    let path = app::routes::forget(project);
    let ask = async |who: &Credential, texts: &str| {
        let request = who
            .request("POST", &path)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = app.send(request.body(Body::from(format!("secret_texts={texts}"))).unwrap()).await;
        (answer.status(), String::from_utf8_lossy(answer.body()).into_owned())
    };
    let answers = |html: &str| html.contains("Nothing holds these texts");
    let (status, html) = ask(&Credential::Nobody, "nobody%40example.org").await;
    assert!(status == StatusCode::FOUND && !answers(&html), "nobody: {status}");
    let (status, html) = ask(&cast.stranger, "nobody%40example.org").await;
    assert!(status == StatusCode::NOT_FOUND && !answers(&html), "stranger: {status}");
    for (role, _, who) in &cast.members {
        let may = permits(Some(*role), None, Administer);
        let (status, html) = ask(who, "nobody%40example.org").await;
        let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!((status, answers(&html)), (expected, may), "{role:?}");
        // What was forgotten before is on record for everybody; the form is not theirs.
        let (status, html) = ask(who, "").await;
        assert_eq!((status, html.contains("secret_texts")), (StatusCode::OK, may), "{role:?}");
    }
}

/// Server functions that need nobody: they are how one gets in and out.
const OPEN_FUNCTIONS: [&str; 4] = ["sign_in", "sign_out", "find_invitation", "accept_invitation"];

#[sqlx::test(migrations = "../migrations")]
async fn server_functions_refuse_strangers(db: PgPool) {
    let app = TestApp::new(db);
    let mut seen = 0;
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        if OPEN_FUNCTIONS.iter().any(|open| path.strip_prefix("/api/").unwrap().starts_with(open)) {
            continue;
        }
        let request = Credential::Nobody
            .request(method.as_str(), path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = app.send(request.body(Body::from("x=1")).unwrap()).await;
        assert!(
            !answer.status().is_success() && !answer.status().is_redirection(),
            "{path} answers {}",
            answer.status()
        );
        seen += 1;
    }
    assert!(seen > 10, "only {seen} server functions are registered");
}

/// The first thing that each server function does is to ask who calls.
#[test]
fn server_functions_begin_with_authorisation() {
    let doors = ["api::authorise(", "api::in_person(", "api::caller("];
    let mut seen = 0;
    for file in api_files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../app/src"))) {
        let text = std::fs::read_to_string(&file).unwrap();
        for function in text.split("#[server]").skip(1) {
            let name = function.split("async fn ").nth(1).unwrap().split('(').next().unwrap();
            if OPEN_FUNCTIONS.contains(&name) {
                continue;
            }
            let body =
                function.split_once("AppError> {").unwrap_or_else(|| panic!("{name} does not return an AppError")).1;
            let asks = doors.iter().filter_map(|door| body.find(door)).min();
            let acts = body.find("store::").unwrap_or(usize::MAX);
            let delegates = body.trim_start().starts_with("change_member(");
            assert!(
                delegates || asks.is_some_and(|at| at < acts),
                "{name} in {} touches the store before it asks who calls",
                file.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 10);
}

/// Every `api.rs` below a folder.
fn api_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(api_files(&path));
        } else if path.file_name().is_some_and(|name| name == "api.rs") {
            found.push(path);
        }
    }
    found
}
