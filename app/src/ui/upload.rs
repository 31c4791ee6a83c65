//! Sending files: a field that takes files by click or drop, sends them at once with progress,
//! and leaves their upload ids, separated by commas, in a hidden input of the form around it.

use domain::{id::ProjectId, lang::Lang};
use leptos::prelude::*;

crate::texts! {
    drop_here = "Drop files here or choose them", "将文件拖到此处或点击选择";
    needs_script = "Sending files here needs JavaScript; scripts use the REST API.", "此处上传文件需要 JavaScript；脚本可使用 REST API。";
    sending(name, done, total, rate) = "{name}: {done} of {total}, {rate}/s", "{name}：{done} / {total}，{rate}/秒";
    sent(name, size) = "{name}: {size}, sent", "{name}：{size}，已上传";
    sent_before(count) = "Files sent before, which are kept: {count}", "已保留先前上传的文件：{count} 个";
    failed(name, why) = "{name}: not sent. {why}", "{name}：上传失败。{why}";
    broken = "The connection broke. Choose the file again.", "连接中断，请重新选择文件。";
    cancelled = "Cancelled.", "已取消。";
    cancel = "Cancel", "取消";
    signed_out = "Sign in again.", "请重新登录。";
    not_allowed = "Your role in this project does not allow this.", "您在此项目中的角色不允许此操作。";
    too_large = "The file is too large for this server.", "文件超过此服务器的大小限制。";
    empty_file = "The file is empty, or its name cannot be used.", "文件为空，或文件名无法使用。";
    disk_full = "The server's disk is full. Tell the administrator.", "服务器磁盘已满，请告知管理员。";
    refused(status) = "The server answered {status}.", "服务器返回 {status}。";
}

/// How one file is doing.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser sends files"))]
enum State {
    Sending { done: f64, total: f64, rate: f64 },
    Sent { id: String, size: f64 },
    Failed(String),
}

/// The field. Once every file is sent, the hidden input `name` holds the ids; with `submit`, the
/// form around it is then submitted by itself. `given` are ids of files that were sent before, for a
/// form that was refused; new files join them. `help`, `accept` and `given` may be empty.
#[island]
pub fn UploadField(
    project: ProjectId,
    name: String,
    help: String,
    accept: String,
    multiple: bool,
    submit: bool,
    given: String,
) -> impl IntoView {
    let l = crate::text::lang();
    let files = RwSignal::new(Vec::<(String, State)>::new());
    let over = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    let hidden = NodeRef::<leptos::html::Input>::new();
    let cancels = StoredValue::new(Vec::<send::Cancel>::new());
    let before = given.split(',').filter(|id| !id.is_empty()).count();
    let known = given.clone();
    let ids = Memo::new(move |_| {
        files.with(|f| {
            let sent =
                f.iter().filter_map(|(_, s)| if let State::Sent { id, .. } = s { Some(id.as_str()) } else { None });
            known.split(',').filter(|id| !id.is_empty()).chain(sent).collect::<Vec<_>>().join(",")
        })
    });
    Effect::new(move |_| {
        let all_sent = files.with(|f| !f.is_empty() && f.iter().all(|(_, s)| matches!(s, State::Sent { .. })));
        if submit && all_sent {
            send::submit_form_of(hidden, &ids.get());
        }
    });
    let start = move |list: Option<send::Files>| {
        if let Some(list) = list {
            cancels.set_value(send::all(project, list, files));
        }
    };
    view! {
        <div class="field">
            <input type="hidden" name=name node_ref=hidden value=given prop:value=ids/>
            <label
                class="drop"
                class:drop-active=over
                on:dragover=move |e| { e.prevent_default(); over.set(true); }
                on:dragleave=move |_| over.set(false)
                on:drop=move |e| { e.prevent_default(); over.set(false); start(send::dropped(&e)); }
            >
                <span>{drop_here(l)}</span>
                <input
                    type="file" class="visually-hidden" node_ref=input multiple=multiple
                    accept=(!accept.is_empty()).then_some(accept)
                    on:change=move |_| start(send::chosen(input))
                />
            </label>
            <noscript><p class="help">{needs_script(l)}</p></noscript>
            {(!help.is_empty()).then(|| view! { <p class="help">{help}</p> })}
            {(before > 0).then(|| view! { <p class="help">{sent_before(l, before)}</p> })}
            <ul class="upload-list" aria-live="polite">
                <For each=move || files.get().into_iter().enumerate() key=|(i, (n, s))| (*i, n.clone(), format!("{s:?}")) let((i, (name, state)))>
                    <li>{line(&name, &state)}
                        {matches!(state, State::Sending { .. }).then(|| view! {
                            <button type="button" class="button button-small button-quiet" on:click=move |_| cancels.with_value(|c| send::stop(c, i))>
                                {cancel(l)}
                            </button>
                        })}
                    </li>
                </For>
            </ul>
        </div>
    }
}

fn line(name: &str, state: &State) -> impl IntoView + use<> {
    use crate::ui::format::bytes;
    let l = crate::text::lang();
    let size = |x: f64| bytes(x as u64);
    match state {
        State::Sending { done, total, rate } => view! {
            <div class="progress">
                <progress max=total.to_string() value=done.to_string()></progress>
                <span class="progress-line">{sending(l, name, size(*done), size(*total), size(*rate))}</span>
            </div>
        }
        .into_any(),
        State::Sent { size: bytes, .. } => view! { <span>{sent(l, name, size(*bytes))}</span> }.into_any(),
        State::Failed(why) => view! { <span class="error">{failed(l, name, why)}</span> }.into_any(),
    }
}

/// Why the server did not take a file, by the status it answered.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser sends files"))]
fn refusal(l: Lang, status: u16) -> String {
    match status {
        401 => signed_out(l).to_owned(),
        403 => not_allowed(l).to_owned(),
        413 => too_large(l).to_owned(),
        422 => empty_file(l).to_owned(),
        507 => disk_full(l).to_owned(),
        other => refused(l, other),
    }
}

/// The browser's side: XMLHttpRequest, since `fetch` reports no upload progress.
#[cfg(feature = "hydrate")]
mod send {
    use super::{State, broken, cancelled, refusal};
    use domain::id::ProjectId;
    use leptos::{__reexports::send_wrapper::SendWrapper, prelude::*};
    use wasm_bindgen::{JsCast, closure::Closure};

    pub(super) type Files = web_sys::FileList;
    /// The browser has one thread; the wrapper says so to the compiler.
    pub(super) type Cancel = SendWrapper<web_sys::XmlHttpRequest>;

    pub(super) fn chosen(input: NodeRef<leptos::html::Input>) -> Option<Files> {
        input.get_untracked()?.files()
    }

    pub(super) fn dropped(event: &web_sys::DragEvent) -> Option<Files> {
        event.data_transfer()?.files()
    }

    pub(super) fn stop(requests: &[Cancel], index: usize) {
        if let Some(request) = requests.get(index) {
            let _ = request.abort();
        }
    }

    pub(super) fn submit_form_of(hidden: NodeRef<leptos::html::Input>, ids: &str) {
        if let Some(input) = hidden.get_untracked() {
            input.set_value(ids);
            if let Some(form) = input.form() {
                let _ = form.request_submit();
            }
        }
    }

    /// Sends every file, each with its own request.
    pub(super) fn all(project: ProjectId, list: Files, files: RwSignal<Vec<(String, State)>>) -> Vec<Cancel> {
        let chosen: Vec<_> = (0..list.length()).filter_map(|i| list.get(i)).collect();
        files
            .set(chosen.iter().map(|f| (f.name(), State::Sending { done: 0.0, total: f.size(), rate: 0.0 })).collect());
        chosen.into_iter().enumerate().filter_map(|(i, file)| one(project, &file, i, files)).collect()
    }

    fn one(
        project: ProjectId,
        file: &web_sys::File,
        index: usize,
        files: RwSignal<Vec<(String, State)>>,
    ) -> Option<Cancel> {
        let set = move |state: State| {
            files.update(|f| {
                if let Some(entry) = f.get_mut(index) {
                    entry.1 = state;
                }
            });
        };
        let request = web_sys::XmlHttpRequest::new().ok()?;
        let url = format!("/api/v1/projects/{project}/uploads?file_name={}", crate::routes::encode(&file.name()));
        request.open_with_async("POST", &url, true).ok()?;
        request.set_request_header("content-type", "application/octet-stream").ok()?;
        let started = js_sys::Date::now();
        let progress = Closure::<dyn FnMut(web_sys::ProgressEvent)>::new(move |e: web_sys::ProgressEvent| {
            let seconds = (js_sys::Date::now() - started) / 1000.0;
            set(State::Sending { done: e.loaded(), total: e.total(), rate: e.loaded() / seconds.max(0.001) });
        });
        request.upload().ok()?.set_onprogress(Some(progress.into_js_value().unchecked_ref()));
        let (size, answered) = (file.size(), request.clone());
        let end = Closure::<dyn FnMut()>::new(move || set(outcome(&answered, size)));
        request.set_onload(Some(end.into_js_value().unchecked_ref()));
        let l = crate::text::lang();
        let error = Closure::<dyn FnMut()>::new(move || set(State::Failed(broken(l).to_owned())));
        request.set_onerror(Some(error.into_js_value().unchecked_ref()));
        let abort = Closure::<dyn FnMut()>::new(move || set(State::Failed(cancelled(l).to_owned())));
        request.set_onabort(Some(abort.into_js_value().unchecked_ref()));
        request.send_with_opt_blob(Some(file)).ok()?;
        Some(SendWrapper::new(request))
    }

    fn outcome(request: &web_sys::XmlHttpRequest, size: f64) -> State {
        let text = request.response_text().ok().flatten().unwrap_or_default();
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let word = |key: &str| answer.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        match (request.status().unwrap_or(0), word("id")) {
            (200..300, Some(id)) => State::Sent { id, size },
            (status, _) => State::Failed(refusal(crate::text::lang(), status)),
        }
    }
}

/// Nothing is sent while a page is rendered on the server.
#[cfg(not(feature = "hydrate"))]
mod send {
    use super::State;
    use domain::id::ProjectId;
    use leptos::prelude::*;

    pub(super) struct Files;
    pub(super) struct Cancel;

    pub(super) fn chosen(_: NodeRef<leptos::html::Input>) -> Option<Files> {
        None
    }

    pub(super) fn dropped(_: &leptos::ev::DragEvent) -> Option<Files> {
        None
    }

    pub(super) fn stop(_: &[Cancel], _: usize) {}

    pub(super) fn submit_form_of(_: NodeRef<leptos::html::Input>, _: &str) {}

    pub(super) fn all(_: ProjectId, _: Files, _: RwSignal<Vec<(String, State)>>) -> Vec<Cancel> {
        Vec::new()
    }
}
