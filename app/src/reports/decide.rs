//! Deciding about a submitted version: approve and sign, or return.

use super::{
    api::{ApproveReport, NextReportVersion, ReturnReport},
    text,
};
use crate::{
    role,
    text::lang,
    ui::{field::Field, form::PostForm},
};
use domain::{
    access::Action,
    id::{ProjectId, ReportId},
    report::{
        Status,
        view::{Approval, ReportVersion},
    },
};
use leptos::{prelude::*, server_fn::ServerFn};

/// What the reader may decide; nothing where there is nothing to decide.
pub(super) fn card(project: ProjectId, version: &ReportVersion, approval: Option<Approval>) -> Option<AnyView> {
    let l = lang();
    if version.head.status != Status::Submitted {
        return None;
    }
    let Some(approval) = approval else {
        return Some(view! { <p class="notice no-print" role="status">{text::waits(l)}</p> }.into_any());
    };
    let hash = version.head.content_sha256.clone().unwrap_or_default();
    let sign = match approval {
        Approval::OwnWork => view! { <p class="notice">{text::own_work(l)}</p> }.into_any(),
        Approval::Allowed | Approval::Alone => sign(project, version, hash.clone(), approval).into_any(),
    };
    let ids = ids(project, version);
    let card = view! {
        <section class="card stack no-print" id="decide">
            <h2>{text::decide(l)}</h2>
            <p class="muted">{text::decide_lead(l)}</p>
            <p class="hash">{text::sha256_of(l, hash)}</p>
            {sign}
            <PostForm action={ServerAction::<ReturnReport>::new()} class="stack">
                {ids}
                <Field id="reason" label=text::reason(l) help=text::reason_help(l)>
                    <textarea id="reason" name="reason" dir="auto" rows="3" aria-describedby="reason-help"></textarea>
                </Field>
                <div class="actions"><button class="button button-danger" type="submit">{text::return_it(l)}</button></div>
            </PostForm>
        </section>
    };
    Some(card.into_any())
}

fn ids(project: ProjectId, version: &ReportVersion) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="project" value=project.to_string()/>
        <input type="hidden" name="report" value=version.report_id.to_string()/>
        <input type="hidden" name="number" value=version.head.number.to_string()/>
    }
}

fn sign(project: ProjectId, version: &ReportVersion, hash: String, approval: Approval) -> impl IntoView + use<> {
    let l = lang();
    let alone = (approval == Approval::Alone)
        .then(|| view! { <p class="notice notice-warn" role="status">{text::alone(l)}</p> });
    let ids = ids(project, version);
    view! {
        <PostForm action={ServerAction::<ApproveReport>::new()} class="stack">
            {ids}
            <input type="hidden" name="sha256" value=hash/>
            {alone}
            <Field id="password" label=text::password(l) help=text::password_help(l)>
                <input id="password" name="password" type="password" required autocomplete="current-password" aria-describedby="password-help"/>
            </Field>
            <div class="actions"><button class="button button-primary" type="submit">{text::approve(l)}</button></div>
        </PostForm>
    }
}

/// The button for the next version, for those who may write.
pub(super) fn next(project: ProjectId, report: ReportId) -> Option<AnyView> {
    let l = lang();
    let form = || {
        view! {
            <form method="post" action=NextReportVersion::url() class="card stack no-print">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="report" value=report.to_string()/>
                <p class="muted">{text::next_version_lead(l)}</p>
                <div class="actions"><button class="button button-primary" type="submit">{text::next_version(l)}</button></div>
            </form>
        }
        .into_any()
    };
    role::may(Action::Launch).then(form)
}
