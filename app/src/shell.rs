//! The HTML around every page, the Content-Security-Policy that goes with it, and the routes.

use crate::{
    account::{AccountPage, InvitationPage, SignInPage},
    annotate::{
        AdjudicatePage, ReviewPage, ReviewedPage, WorkPage,
        lead::{
            AgreementPage, BatchListPage, GroupListPage, GuidelinePage, ItemListPage, ItemPage, LabelsPage,
            NewTaskPage, TaskListPage, TaskPage,
        },
    },
    augment::AugmentPage,
    badcases::{BadCaseListPage, BadCasePage, CausesPage, ClustersPage, NewBadCasePage, RegressionsPage, TrendsPage},
    card::CardPage,
    cleaning::CleaningPage,
    compare::ComparePage,
    datasets::{DatasetListPage, DatasetPage, MergePage, NewDatasetPage},
    diff::DiffPage,
    edit::EditPage,
    evals::EvaluationPage,
    explore::{ExplorePage, SamplePage},
    forget::ForgetPage,
    judges::{
        HumanEvaluationPage, JudgeListPage, JudgePage, JudgedSamplePage, JudgingPage, NewHumanEvaluationPage,
        NewJudgePage,
    },
    lineage::LineagePage,
    models::{ModelListPage, ModelPage, NewModelPage},
    overlay::OverlayPage,
    projects::{OverviewPage, ProjectLayout, ProjectListPage, SettingsPage},
    reports::{DigestListPage, DigestPage, NewReportPage, ReportDiffPage, ReportListPage, ReportPage},
    runs::{
        AnswersPage, FitPage, LearningPage, NewRunPage, NewSweepPage, PreflightPage, RunListPage, RunPage,
        SweepListPage, SweepPage,
    },
    splits::SplitsPage,
    suites::{
        BakeOffPage, NewSuitePage, SuiteDesignPage, SuiteListPage, SuitePage, SuiteResultPage, SuiteSeedsPage,
        SuiteSlicesPage,
    },
    table::RunTablePage,
    text,
    tracking::{TrackedRunListPage, TrackedRunPage},
    ui::frame::NotFoundPage,
};
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

/// The built browser files, by the names they have on this server.
#[derive(Clone, Debug)]
pub struct BrowserFiles {
    /// Address of the stylesheet.
    pub stylesheet: String,
    /// Name without ending of the bundle for everyday pages.
    pub everyday: String,
    /// Name without ending of the bundle for pages with curves.
    pub charts: String,
}

impl BrowserFiles {
    /// The bundle that the page at this path needs.
    fn bundle(&self, path: &str) -> &str {
        match path.split('/').nth(3) {
            Some("runs" | "compare" | "overlay" | "sweeps" | "table" | "tracked") => &self.charts,
            _ => &self.everyday,
        }
    }
}

/// Leptos starts the islands when the browser calls itself idle. A page that has nothing to paint may wait for
/// that call for minutes, so it gets a limit.
const SOON: &str = "{ const idle = window.requestIdleCallback; \
    if (idle) window.requestIdleCallback = (work, options) => idle(work, options ?? { timeout: 200 }); }";

/// The document. Called once per request.
pub fn document(mut options: LeptosOptions, files: BrowserFiles) -> impl IntoView {
    set_policy();
    let path = use_context::<axum::http::request::Parts>().map(|p| p.uri.path().to_owned()).unwrap_or_default();
    options.output_name = files.bundle(&path).into();
    let lang = text::lang();
    let theme = use_context::<axum::http::request::Parts>()
        .and_then(|p| text::cookie(&p.headers, "theme").map(str::to_owned))
        .filter(|t| t == "light" || t == "dark");
    view! {
        <!DOCTYPE html>
        <html lang=lang.tag() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=files.stylesheet/>
                <AutoReload options=options.clone()/>
                <script nonce=leptos::nonce::use_nonce()>{SOON}</script>
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Scripts run only from our own files or with this response's nonce; nothing else loads.
fn set_policy() {
    use axum::http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
    let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<leptos_axum::ResponseOptions>())
    else {
        return;
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, value);
    }
}

/// Every page. Pages are rendered whole on the server (`SsrMode::Async`), so that they read the
/// same without JavaScript.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|t: String| if t.is_empty() { "Lathe".to_owned() } else { format!("{t} · Lathe") }/>
        <Router>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/") view=ProjectListPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/invite/:secret") view=InvitationPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("/p/:project") view=ProjectLayout ssr=SsrMode::Async>
                    <Route path=path!("") view=OverviewPage ssr=SsrMode::Async/>
                    <Route path=path!("settings") view=SettingsPage ssr=SsrMode::Async/>
                    <Route path=path!("models") view=ModelListPage ssr=SsrMode::Async/>
                    <Route path=path!("models/new") view=NewModelPage ssr=SsrMode::Async/>
                    <Route path=path!("models/:model") view=ModelPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets") view=DatasetListPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/new") view=NewDatasetPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/forget") view=ForgetPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/merge") view=MergePage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset") view=DatasetPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number") view=DatasetPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/augment") view=AugmentPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/card") view=CardPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/clean") view=CleaningPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/diff") view=DiffPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/edit") view=EditPage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/explore") view=ExplorePage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/samples/:sample") view=SamplePage ssr=SsrMode::Async/>
                    <Route path=path!("datasets/:dataset/v/:number/splits") view=SplitsPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/adjudicate") view=AdjudicatePage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/review") view=ReviewPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/reviewed") view=ReviewedPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/work") view=WorkPage ssr=SsrMode::Async/>
                    <Route path=path!("lineage") view=LineagePage ssr=SsrMode::Async/>
                    <Route path=path!("annotation") view=TaskListPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/new") view=NewTaskPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/groups") view=GroupListPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task") view=TaskPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/agreement") view=AgreementPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/batches") view=BatchListPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/guideline") view=GuidelinePage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/items") view=ItemListPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/items/:item") view=ItemPage ssr=SsrMode::Async/>
                    <Route path=path!("annotation/:task/labels") view=LabelsPage ssr=SsrMode::Async/>
                    <Route path=path!("runs") view=RunListPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/new") view=NewRunPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/:run") view=RunPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/:run/answers") view=AnswersPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/:run/fit") view=FitPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/:run/learning") view=LearningPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/:run/preflight") view=PreflightPage ssr=SsrMode::Async/>
                    <Route path=path!("runs/:run/evaluation") view=EvaluationPage ssr=SsrMode::Async/>
                    <Route path=path!("suites") view=SuiteListPage ssr=SsrMode::Async/>
                    <Route path=path!("suites/new") view=NewSuitePage ssr=SsrMode::Async/>
                    <Route path=path!("suites/:suite") view=SuitePage ssr=SsrMode::Async/>
                    <Route path=path!("suites/:suite/design") view=SuiteDesignPage ssr=SsrMode::Async/>
                    <Route path=path!("suites/:suite/bake-off") view=BakeOffPage ssr=SsrMode::Async/>
                    <Route path=path!("suites/:suite/seeds") view=SuiteSeedsPage ssr=SsrMode::Async/>
                    <Route path=path!("suites/:suite/results/:result") view=SuiteResultPage ssr=SsrMode::Async/>
                    <Route path=path!("suites/:suite/results/:result/slices") view=SuiteSlicesPage ssr=SsrMode::Async/>
                    <Route path=path!("judges") view=JudgeListPage ssr=SsrMode::Async/>
                    <Route path=path!("judges/new") view=NewJudgePage ssr=SsrMode::Async/>
                    <Route path=path!("judges/:judge") view=JudgePage ssr=SsrMode::Async/>
                    <Route path=path!("judgings/:judging") view=JudgingPage ssr=SsrMode::Async/>
                    <Route path=path!("judgings/:judging/samples/:position") view=JudgedSamplePage ssr=SsrMode::Async/>
                    <Route path=path!("human-evaluations/new") view=NewHumanEvaluationPage ssr=SsrMode::Async/>
                    <Route path=path!("human-evaluations/:evaluation") view=HumanEvaluationPage ssr=SsrMode::Async/>
                    <Route path=path!("sweeps") view=SweepListPage ssr=SsrMode::Async/>
                    <Route path=path!("sweeps/new") view=NewSweepPage ssr=SsrMode::Async/>
                    <Route path=path!("sweeps/:sweep") view=SweepPage ssr=SsrMode::Async/>
                    <Route path=path!("table") view=RunTablePage ssr=SsrMode::Async/>
                    <Route path=path!("tracked") view=TrackedRunListPage ssr=SsrMode::Async/>
                    <Route path=path!("tracked/:run") view=TrackedRunPage ssr=SsrMode::Async/>
                    <Route path=path!("compare") view=ComparePage ssr=SsrMode::Async/>
                    <Route path=path!("overlay") view=OverlayPage ssr=SsrMode::Async/>
                    <Route path=path!("reports") view=ReportListPage ssr=SsrMode::Async/>
                    <Route path=path!("reports/new") view=NewReportPage ssr=SsrMode::Async/>
                    <Route path=path!("reports/:report") view=ReportPage ssr=SsrMode::Async/>
                    <Route path=path!("reports/:report/diff") view=ReportDiffPage ssr=SsrMode::Async/>
                    <Route path=path!("reports/:report/v/:number") view=ReportPage ssr=SsrMode::Async/>
                    <Route path=path!("digests") view=DigestListPage ssr=SsrMode::Async/>
                    <Route path=path!("digests/:week") view=DigestPage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases") view=BadCaseListPage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases/new") view=NewBadCasePage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases/causes") view=CausesPage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases/clusters") view=ClustersPage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases/regressions") view=RegressionsPage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases/trends") view=TrendsPage ssr=SsrMode::Async/>
                    <Route path=path!("bad-cases/:badcase") view=BadCasePage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
