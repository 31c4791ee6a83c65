//! What a person without JavaScript sees when a form is refused: the page again, the reason beside
//! the field, and what had been typed; never a password.

use crate::run;
use crate::support::{Credential, TestApp};
use app::{account::api::SignIn, projects::api::CreateProject, runs::api::LaunchRun};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use leptos::server_fn::ServerFn;
use store::PgPool;

/// A browser without JavaScript.
struct Browser {
    app: TestApp,
    cookie: Option<String>,
}

impl Browser {
    /// Posts a form as the page at `from` does (none: no page says it was it), and follows to where it is led: address and page.
    async fn post(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> (String, String) {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = self
            .request("POST", to)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request =
            if from.is_empty() { request } else { request.header(header::REFERER, format!("http://lathe.test{from}")) };
        let request = request.body(Body::from(form.finish())).unwrap();
        let answer = self.app.send(request).await;
        assert!(answer.status().is_redirection(), "{}", answer.status());
        if let Some(set) = answer.headers().get(header::SET_COOKIE) {
            self.cookie = set.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        let address = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let page = self.get(&address).await;
        (address, page)
    }

    async fn get(&self, address: &str) -> String {
        let request = self.request("GET", address).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
        let answer = self.app.send(request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        String::from_utf8(answer.body().to_vec()).unwrap()
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let credential = self.cookie.clone().map_or(Credential::Nobody, Credential::Browser);
        credential.request(method, path)
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refused_form_is_shown_once_with_its_reason_and_what_was_typed(db: PgPool) {
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let cookie = Some(app.session(user).await);
    let mut browser = Browser { app, cookie };
    let fields = [("name", " "), ("description", "a \"very\" <long> story")];
    let (address, page) = browser.post("/?x=1", &format!("{}?form", CreateProject::url()), &fields).await;
    assert_eq!(address, "/?x=1&refused");
    let name = page.find(r#"name="name""#).unwrap();
    let reason = page.find(r#"<p class="error" role="alert" id="refused">"#).unwrap();
    assert!(reason > name && page[name..reason].contains(r#"aria-invalid="true""#), "{page}");
    assert!(page.contains(r#"value="a &quot;very&quot; &lt;long&gt; story""#), "{page}");
    let again = browser.get(&address).await;
    assert!(!again.contains("story") && !again.contains(r#"role="alert""#));
}

#[sqlx::test(migrations = "../migrations")]
async fn texts_too_many_to_be_looked_for_are_refused_on_their_page(db: PgPool) {
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let project = store::projects::create(&app.db, user, "P", "").await.unwrap();
    let cookie = Some(app.session(user).await);
    let mut browser = Browser { app, cookie };
    let (path, texts) = (app::routes::forget(project), "ann ".repeat(50_000));
    let (address, page) = browser.post(&path, &path, &[("secret_texts", texts.as_str())]).await;
    assert_eq!(address, format!("{path}?refused"));
    assert!(page.contains("The form holds more than can be taken at once"), "{page}");
    assert!(page.contains(r#"name="secret_texts""#) && !page.contains("ann ann"), "{page}");

    // Who is no page is told by the status.
    let request = browser.request("POST", &path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = browser.app.send(request.body(Body::from(format!("secret_texts={texts}"))).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refused_sign_in_keeps_the_address_but_no_password(db: PgPool) {
    let mut browser = Browser { app: TestApp::new(db), cookie: None };
    let fields = [("email", "ada@lathe.test"), ("password", "opensesame123"), ("next", "/account")];
    let (address, page) = browser.post("/sign-in?next=%2Faccount", &format!("{}?form", SignIn::url()), &fields).await;
    assert_eq!(address, "/sign-in?next=%2Faccount&refused");
    assert!(page.contains(r#"value="ada@lathe.test""#) && page.contains(r#"role="alert""#), "{page}");
    assert!(!page.contains("opensesame"));
    let kept: Vec<String> =
        sqlx::query_scalar("select data::text from sessions").fetch_all(&browser.app.db).await.unwrap();
    assert!(!kept.is_empty() && kept.iter().all(|data| !data.contains("opensesame")), "{kept:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn of_strangers_only_what_they_may_post_is_kept(db: PgPool) {
    let mut browser = Browser { app: TestApp::new(db), cookie: None };
    let long = "x".repeat(100_000);
    let create = format!("{}?form", CreateProject::url());
    let sign_in = format!("{}?form", SignIn::url());
    for (to, fields) in [
        (&create, [("name", "n"), ("description", "d")]),
        (&create, [("name", long.as_str()), ("description", "d")]),
        (&create, [("nonsense", "n"), ("more", "d")]),
    ] {
        let (address, _) = browser.post("/?x=1", to, &fields).await;
        assert_eq!(address, "/sign-in?next=%2F%3Fx%3D1");
    }
    let count = "select count(*) from sessions";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&browser.app.db).await.unwrap(), 0);
    let (_, page) = browser.post("/sign-in", &sign_in, &[("email", &long), ("password", "p")]).await;
    assert!(page.contains("more than can be taken at once"), "{page}");
    let longest = "select max(length(data::text)) from sessions";
    assert!(sqlx::query_scalar::<_, i32>(longest).fetch_one(&browser.app.db).await.unwrap() < 1000);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_form_with_a_nul_or_of_excessive_size_is_led_back_with_its_reason(db: PgPool) {
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let cookie = Some(app.session(user).await);
    let mut browser = Browser { app, cookie };
    let to = format!("{}?form", CreateProject::url());
    let (address, page) = browser.post("/", &to, &[("name", "n"), ("description", "a\0b")]).await;
    assert_eq!(address, "/?refused");
    assert!(page.contains("NUL") && page.contains("a\u{fffd}b"), "{page}");
    let long = "x".repeat(2 << 20);
    let (address, page) = browser.post("/", &to, &[("name", "n"), ("description", &long)]).await;
    assert_eq!(address, "/?refused");
    assert!(page.contains("more than can be taken at once"), "{page}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_form_from_nowhere_is_told_by_the_frame(db: PgPool) {
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let cookie = Some(app.session(user).await);
    let mut browser = Browser { app, cookie };
    let to = format!("{}?form", CreateProject::url());
    let (address, page) = browser.post("", &to, &[("name", " "), ("description", "")]).await;
    assert_eq!(address, "/?refused");
    assert_eq!(page.matches(r#"role="alert""#).count(), 1, "{page}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refused_launch_keeps_every_setting(db: PgPool) {
    let app = TestApp::new(db);
    let (user, project, run) = run::with_run(&app).await;
    let detail = store::runs::get(&app.db, project, run).await.unwrap().unwrap();
    let cookie = Some(app.session(user).await);
    let mut browser = Browser { app, cookie };
    let ids = (project.to_string(), detail.summary.model_id.to_string(), detail.summary.version_id.to_string());
    let fields = [
        ("project", ids.0.as_str()),
        ("name", "my run"),
        ("model", &ids.1),
        ("version", &ids.2),
        ("key", "k"),
        ("origin[cloned_from]", ""),
        ("origin[continues]", ""),
        ("values[lora.rank]", "many"),
        ("values[optimizer.learning_rate]", "0.0625"),
        ("values[schedule.shape]", "linear"),
        ("values[lora.target_modules.q_proj]", "on"),
    ];
    let page = format!("/p/{project}/runs/new");
    let (address, page) = browser.post(&page, &format!("{}?form", LaunchRun::url()), &fields).await;
    assert!(address.ends_with("?refused"), "{address}");
    for kept in [r#"value="many""#, r#"value="my run""#, r#"value="0.0625""#, r#"value="linear" selected"#] {
        assert!(page.contains(kept), "{kept} in {page}");
    }
    assert!(page.contains(r#"role="alert""#) && page.contains("A whole number between 1 and 512."));
    assert_eq!(page.matches(r#"value="on" checked"#).count(), 1);
}
