//! One application for a test: the real router on a database of its own, with people who have
//! sessions and tokens. Nothing listens on a port; requests go straight into the router.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response, header},
};
use domain::{
    access::{Role, TokenScope},
    account::Email,
    id::{ProjectId, UserId},
};
use server::{
    config::{Config, Database, LogFormat},
    router::router,
    serve::new_state,
    sessions::Sessions,
    state::AppState,
};
use store::PgPool;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tower::Service;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
};

/// The application of one test.
pub struct TestApp {
    pub db: PgPool,
    pub state: AppState,
    router: Router,
    _data: TempDir,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.state.shutdown.cancel();
    }
}

fn config(data: &TempDir) -> Config {
    let folder = data.path().to_owned();
    let url = |text: &str| text.parse().unwrap();
    Config {
        database: Database::Embedded,
        listen: "127.0.0.1:3000".parse().unwrap(),
        public_url: url("http://lathe.test"),
        artifact_url: url(&format!("file://{}", folder.join("artifacts").display())),
        workers: Vec::new(),
        trainer: folder.join("trainer"),
        site: folder.join("site"),
        model_paths: Vec::new(),
        pypi_url: url("http://127.0.0.1:9/"),
        hub_url: url("http://127.0.0.1:9/"),
        max_upload_bytes: 1 << 20,
        import_hosts: Vec::new(),
        endpoints: Vec::new(),
        log_format: LogFormat::Text,
        data: folder,
    }
}

impl TestApp {
    /// An application on an empty, migrated database.
    pub fn new(db: PgPool) -> Self {
        Self::with(db, |_| {})
    }

    /// The same with other settings.
    pub fn with(db: PgPool, change: impl FnOnce(&mut Config)) -> Self {
        let data = TempDir::new().unwrap();
        let mut config = config(&data);
        change(&mut config);
        let state = new_state(config, db.clone(), CancellationToken::new()).unwrap();
        Self { router: router(state.clone()), db, state, _data: data }
    }

    /// A person whose e-mail address is `{name}@lathe.test`.
    pub async fn person(&self, name: &str) -> UserId {
        let email = Email::parse(&format!("{name}@lathe.test")).unwrap();
        let mut db = self.db.acquire().await.unwrap();
        store::users::create(&mut db, &email, name, "-", false).await.unwrap()
    }

    /// A `Cookie` header with a signed-in session.
    pub async fn session(&self, user: UserId) -> String {
        let data = [(app::session::USER_KEY.to_owned(), serde_json::to_value(user).unwrap())].into();
        let mut record =
            Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() + time::Duration::HOUR };
        Sessions(self.db.clone()).create(&mut record).await.unwrap();
        format!("lathe={}", record.id)
    }

    /// An `Authorization` header with an API token.
    pub async fn token(&self, user: UserId, scope: TokenScope, project: Option<ProjectId>) -> String {
        let new = store::tokens::NewToken { user, name: "test", scope, project, days: 1 };
        format!("Bearer {}", store::tokens::create(&self.db, new).await.unwrap().1)
    }

    /// Makes somebody a member of a project.
    pub async fn join(&self, owner: UserId, project: ProjectId, user: UserId, role: Role) {
        let link = store::invitations::create(&self.db, owner, project, role, None).await.unwrap();
        store::invitations::accept(&self.db, &link, store::invitations::Guest::Member(user)).await.unwrap().unwrap();
    }

    /// Sends a request; the answer's body may be without end.
    pub async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().call(request).await.unwrap()
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<Body>) -> Response<Bytes> {
        let (head, body) = self.open(request).await.into_parts();
        Response::from_parts(head, axum::body::to_bytes(body, 1 << 24).await.unwrap())
    }
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub enum Credential {
    Nobody,
    /// A browser: the `Cookie` header.
    Browser(String),
    /// A script: the `Authorization` header.
    Script(String),
}

impl Credential {
    /// A request with this credential, as one of our own pages would send it.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let builder = Request::builder().method(method).uri(path).header(header::HOST, "lathe.test");
        match self {
            Self::Nobody => builder,
            Self::Browser(cookie) => builder.header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin"),
            Self::Script(bearer) => builder.header(header::AUTHORIZATION, bearer),
        }
    }
}
