//! Reports by script and on pages: written, submitted, returned, approved with a password, and taken out as files.

use crate::support::{Credential, TestApp};
use app::reports::api::{ApproveReport, EditReport};
use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode, header},
};
use domain::{
    access::Role,
    id::{DatasetId, ModelId, ProjectId, RunId, UserId, VersionId},
    lang::Lang,
    report::week::Week,
};
use leptos::server_fn::ServerFn;
use serde_json::{Value, json};
use store::PgPool;
use time::OffsetDateTime;

const PASSWORD: &str = "a sentence is a good password";

/// A project with a run that has succeeded and was not evaluated: an owner, a scientist, a manager.
struct Place {
    app: TestApp,
    project: ProjectId,
    run: RunId,
    scientist: Credential,
    manager: Credential,
    manager_id: UserId,
}

impl Place {
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db);
        let owner = app.person("ada").await;
        let project = store::projects::create(&app.db, owner, "Intents", "What do people want?").await.unwrap();
        let (scientist, manager) = (app.person("sam").await, app.person("max").await);
        app.join(owner, project, scientist, Role::Scientist).await;
        app.join(owner, project, manager, Role::Manager).await;
        let hash = app::password::turn().await.unwrap().hash(PASSWORD).await.unwrap();
        store::users::set_password_hash(&app.db, manager, &hash).await.unwrap();
        let run = a_run(&app.db, project, owner).await;
        let scientist = Credential::Browser(app.session(scientist).await);
        let who = Credential::Browser(app.session(manager).await);
        Self { app, project, run, scientist, manager: who, manager_id: manager }
    }

    async fn send(&self, who: &Credential, method: &str, path: &str, body: Option<Value>) -> Response<Bytes> {
        let request = who.request(method, &format!("/api/v1/projects/{}/{path}", self.project));
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.app.send(request.unwrap()).await
    }

    async fn json(&self, who: &Credential, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.send(who, method, path, body).await;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.status().is_success(), "{method} {path}: {} {text}", answer.status());
        serde_json::from_str(&text).unwrap()
    }

    async fn report(&self, lang: Lang) -> String {
        let request = json!({ "title": "影评 #1 & more", "lang": lang, "runs": [self.run] });
        let made = self.json(&self.scientist, "POST", "reports", Some(request)).await;
        assert_eq!((&made["status"], &made["version"]), (&json!("draft"), &json!(1)));
        made["id"].as_str().unwrap().to_owned()
    }

    /// Posts a form as a page does: the status, and where it leads.
    async fn post<S: ServerFn>(&self, who: &Credential, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("project", &self.project.to_string()).extend_pairs(fields);
        let request = who
            .request("POST", S::url())
            .header(header::ACCEPT, "text/html")
            .header(header::REFERER, "http://lathe.test/p")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.app.send(request.body(Body::from(form.finish())).unwrap()).await;
        let to = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (answer.status(), to.unwrap_or_default())
    }

    async fn page(&self, who: &Credential, path: &str) -> String {
        let request = who.request("GET", &format!("/p/{}/{path}", self.project)).header(header::ACCEPT, "text/html");
        let answer = self.app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(answer.body().to_vec()).unwrap()
    }
}

async fn a_run(db: &PgPool, project: ProjectId, by: UserId) -> RunId {
    let (model, dataset, version, run) = (ModelId::new(), DatasetId::new(), VersionId::new(), RunId::new());
    let card = json!({ "architecture": "LlamaForCausalLM", "family": "llama", "format": "gguf", "parameters": 1000, "layers": 2,
        "hidden_size": 8, "intermediate_size": 16, "attention_heads": 2, "key_value_heads": 1, "head_dim": 4, "context_length": 512,
        "vocabulary": 100, "quantization": "F32", "licence": null, "chat_template": null, "tied_embeddings": true, "size_bytes": 4000 });
    let stats = json!({ "samples": 3, "train": 2, "validation": 0, "test": 1, "skipped_lines": 0, "exact_duplicates": 0, "characters": 9 });
    let origin = json!({ "kind": "corrections", "corrections": 0, "moved_to_train": 0 });
    let statements = [
        (
            "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'Smol', '{}', $3, $4)",
            model.0,
            card,
        ),
        (
            "insert into datasets (id, project_id, name, description, created_by) select $1, $2, 'Reviews', $3::jsonb->>'kind', $4",
            dataset.0,
            origin.clone(),
        ),
    ];
    for (statement, id, value) in statements {
        sqlx::query(statement).bind(id).bind(project.0).bind(value).bind(by.0).execute(db).await.unwrap();
    }
    sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, $3, $4, $5)")
        .bind(version.0)
        .bind(dataset.0)
        .bind(origin)
        .bind(stats)
        .bind(by.0)
        .execute(db)
        .await
        .unwrap();
    sqlx::query(
        "insert into runs (id, project_id, number, name, model_id, version_id, recipe, status, started_at, ended_at, created_by) \
         values ($1, $2, 1, 'first', $3, $4, '{}', 'succeeded', now(), now(), $5)",
    )
    .bind(run.0)
    .bind(project.0)
    .bind(model.0)
    .bind(version.0)
    .bind(by.0)
    .execute(db)
    .await
    .unwrap();
    run
}

#[sqlx::test(migrations = "../migrations")]
async fn a_report_goes_from_draft_to_signature(db: PgPool) {
    let place = Place::new(db).await;
    let id = place.report(Lang::En).await;
    let first = format!("reports/{id}/versions/1");
    let draft = place.json(&place.scientist, "GET", &first, None).await;
    assert_eq!(
        (&draft["facts"]["runs"][0]["number"], &draft["recommendation"]["action"]),
        (&json!(1), &json!("evaluate"))
    );
    assert_eq!(draft["risks"][0], json!({ "risk": "leaks_unchecked", "run": 1 }));

    let mut body = draft["body"].clone();
    body["blocks"][0]["text"] = json!("**In short:** wait");
    let edit = json!({ "revision": 0, "body": body });
    let edited = place.json(&place.scientist, "PUT", &first, Some(edit.clone())).await;
    assert_eq!((&edited["revision"], &edited["body"]["blocks"][0]["text"]), (&json!(1), &json!("**In short:** wait")));
    let late = place.send(&place.scientist, "PUT", &first, Some(edit)).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);

    let submit = Some(json!({ "revision": 1 }));
    let sent = place.json(&place.scientist, "POST", &format!("{first}/submit"), submit).await;
    assert_eq!(sent["status"], "submitted");
    let reason = |text: &str| Some(json!({ "reason": text }));
    let refused = place.send(&place.scientist, "POST", &format!("{first}/return"), reason("x")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let empty = place.send(&place.manager, "POST", &format!("{first}/return"), reason(" ")).await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
    place.json(&place.manager, "POST", &format!("{first}/return"), reason("say more")).await;

    let next = place.json(&place.scientist, "POST", &format!("reports/{id}/versions"), None).await;
    assert_eq!((&next["number"], &next["body"]["blocks"][0]["text"]), (&json!(2), &json!("**In short:** wait")));
    let second = format!("reports/{id}/versions/2");
    let submit = Some(json!({ "revision": 0 }));
    let sent = place.json(&place.scientist, "POST", &format!("{second}/submit"), submit).await;
    let hash = sent["content_sha256"].as_str().unwrap();

    let page = place.page(&place.manager, &second.replace("versions", "v")).await;
    assert!(page.contains(hash) && page.contains(r#"type="password""#), "{page}");
    let fields = |password| [("report", id.as_str()), ("number", "2"), ("sha256", hash), ("password", password)];
    let (_, to) = place.post::<ApproveReport>(&place.manager, &fields("not the password")).await;
    assert!(to.contains("refused"), "{to}");
    let (_, to) = place.post::<ApproveReport>(&place.scientist, &fields(PASSWORD)).await;
    assert!(to.contains("refused"), "a scientist approves nothing: {to}");
    let (status, to) = place.post::<ApproveReport>(&place.manager, &fields(PASSWORD)).await;
    assert!(status.is_redirection() && to.ends_with("/v/2"), "{status} {to}");
    let signed = place.json(&place.scientist, "GET", &second, None).await;
    assert_eq!((&signed["signature"]["by"], &signed["signature"]["sha256"]), (&json!("max"), &json!(hash)));
    assert_eq!(signed["signature"]["state"], json!({ "state": "matches" }));
    let page = place.page(&place.scientist, &format!("reports/{id}")).await;
    assert!(page.contains("The content matches the signature.") && page.contains("In short:"), "{page}");
    let record = place.json(&place.scientist, "GET", &format!("reports/{id}"), None).await;
    let verbs: Vec<_> = record["events"].as_array().unwrap().iter().map(|e| e["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["approved", "submitted", "continued", "returned", "submitted", "edited", "created"]);
    let diff = place.page(&place.scientist, &format!("reports/{id}/diff?from=1&to=2")).await;
    assert!(diff.contains("Version 1 to version 2"));
    assert_eq!(place.manager_id.to_string().len(), 36);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_form_keeps_what_was_typed_whichever_button_is_pressed(db: PgPool) {
    let place = Place::new(db).await;
    let id = place.report(Lang::En).await;
    let first = format!("reports/{id}/versions/1");
    let fields = |title: &'static str, revision: &'static str, press: &'static str| {
        let own = [("number", "1"), ("revision", revision), ("title", title), ("press", press)];
        let written = [("texts[b1]", "First\r\nsecond"), ("texts[b2]", "on data"), ("add[b2]", "text")];
        std::iter::once(("report", id.clone()))
            .chain(own.into_iter().chain(written).map(|(n, v)| (n, v.to_owned())))
            .collect::<Vec<_>>()
    };
    let post = async |fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        place.post::<EditReport>(&place.scientist, &fields).await.1
    };
    let to = post(fields("New title", "0", "add.2")).await;
    assert!(to.contains("saved"), "{to}");
    let body = place.json(&place.scientist, "GET", &first, None).await["body"].clone();
    assert_eq!((&body["title"], &body["blocks"][0]["text"]), (&json!("New title"), &json!("First\nsecond")));
    assert_eq!((&body["blocks"][2]["kind"], &body["blocks"][2]["key"]), (&json!("text"), &json!(12)));
    let to = post(fields("New title", "1", "up.2")).await;
    assert!(to.ends_with("#block-2"), "{to}");
    let to = post(fields("", "2", "submit")).await;
    assert!(to.contains("refused"), "without a title: {to}");
    let to = post(fields("New title", "0", "save")).await;
    assert!(to.contains("refused"), "of an older revision: {to}");
    let to = post(fields("New title", "2", "submit")).await;
    assert!(to.ends_with("/v/1"), "{to}");
    let sent = place.json(&place.scientist, "GET", &first, None).await;
    assert_eq!((&sent["status"], &sent["body"]["blocks"][0]["key"]), (&json!("submitted"), &json!(2)));
}

#[sqlx::test(migrations = "../migrations")]
async fn files_stand_by_themselves_in_both_languages(db: PgPool) {
    let place = Place::new(db).await;
    for (lang, words, tag) in [(Lang::En, "Recommendation", "en"), (Lang::Zh, "建议", "zh-CN")] {
        let version = format!("reports/{}/versions/1", place.report(lang).await);
        let html = place.send(&place.manager, "GET", &format!("{version}/report.html"), None).await;
        let disposition = html.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename=\"report-"), "{disposition}");
        let html = String::from_utf8(html.body().to_vec()).unwrap();
        let run = format!("href=\"http://lathe.test/p/{}/runs/{}\"", place.project, place.run);
        assert!(
            html.contains(&format!("<html lang=\"{tag}\">")) && html.contains(words) && html.contains(&run),
            "{html}"
        );
        assert!(html.contains("影评 #1 &amp; more") && !html.contains("<script"));

        let pdf = place.send(&place.manager, "GET", &format!("{version}/report.pdf"), None).await;
        if pdf.status() == StatusCode::SERVICE_UNAVAILABLE {
            let problem: Value = serde_json::from_slice(pdf.body()).unwrap();
            assert!(problem["detail"].as_str().unwrap().contains("install"), "{problem}");
            eprintln!("{}", problem["detail"]);
            continue;
        }
        assert_eq!(pdf.status(), StatusCode::OK, "{}", String::from_utf8_lossy(pdf.body()));
        assert!(pdf.body().starts_with(b"%PDF-") && pdf.body().ends_with(b"%%EOF"));
        let text = String::from_utf8_lossy(pdf.body()).into_owned();
        assert!(
            text.contains(tag) && text.contains(&format!("http://lathe.test/p/{}/runs/{}", place.project, place.run))
        );
        let roles = ["/StructTreeRoot", "/Lang", "/S/H1/", "/S/H2/", "/S/Table/", "/Scope/Row"];
        assert_eq!(roles.into_iter().find(|role| !text.contains(role)), None, "{tag}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_week_is_told_on_pages_and_by_script(db: PgPool) {
    let place = Place::new(db).await;
    let week = Week::of(OffsetDateTime::now_utc());
    let digest = place.json(&place.manager, "GET", &format!("digests/{week}"), None).await;
    assert_eq!((&digest["week"], &digest["succeeded"]), (&json!(week), &json!(1)));
    for (path, status) in [
        (format!("digests/{}", Week::of(week.ends())), StatusCode::NOT_FOUND),
        ("digests/2026-W99".to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(place.send(&place.manager, "GET", &path, None).await.status(), status, "{path}");
    }
    let page = place.page(&place.manager, "digests").await;
    assert!(page.contains(&format!("/digests/{week}")) && page.contains("1 runs succeeded"), "{page}");
    assert!(place.page(&place.manager, &format!("digests/{week}")).await.contains("#1 first"));

    // A week later the queue has it, and the job makes what the overview shows.
    let over = week.ends();
    assert_eq!(store::reports::digests::queue_due(&place.app.db, over).await.unwrap(), 1);
    let (kind, payload): (String, Value) =
        sqlx::query_as("select kind, payload from jobs where project_id = $1 and kind = 'weekly_digest'")
            .bind(place.project.0)
            .fetch_one(&place.app.db)
            .await
            .unwrap();
    assert_eq!((kind.as_str(), &payload), ("weekly_digest", &json!({ "week": week })));
    let digest = store::reports::digests::gather(&place.app.db, place.project, week, over).await.unwrap();
    store::reports::digests::keep(&place.app.db, place.project, &digest).await.unwrap();
    let overview = place.json(&place.manager, "GET", "overview", None).await;
    assert_eq!(overview["digest"]["week"], json!(week));
    assert!(place.page(&place.manager, "").await.contains(&format!("Week {week}")));
    let list = place.json(&place.manager, "GET", "digests", None).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}
