//! Sending files: a field that takes files by click or drop, sends them at once with progress,
//! and leaves their upload ids, separated by commas, in a hidden input of the form around it.
//!
//! They go by the tus protocol: a transfer that broke off, was paused, or whose page was left goes on where it was, once
//! the same file is chosen again.

#[cfg(feature = "hydrate")]
mod send;
#[cfg(not(feature = "hydrate"))]
#[path = "upload/unsent.rs"]
mod send;

use domain::{id::ProjectId, lang::Lang};
use leptos::prelude::*;

crate::texts! {
    drop_here = "Drop files here or choose them", "将文件拖到此处或点击选择";
    drop_one = "Drop a file here or choose one", "将一个文件拖到此处或点击选择";
    only_one = "Only one file can be sent here. Choose one of them.", "此处只能上传一个文件，请选择其中一个。";
    needs_script = "Sending files here needs JavaScript; scripts use the REST API.", "此处上传文件需要 JavaScript；脚本可使用 REST API。";
    sending(name, done, total, rate, left) = "{name}: {done} of {total}, {rate}/s, {left} left", "{name}：{done} / {total}，{rate}/秒，剩余 {left}";
    begins(name, total) = "{name}: {total}", "{name}：{total}";
    paused(name, done, total) = "{name}: paused at {done} of {total}", "{name}：已暂停，{done} / {total}";
    waiting(name, done, total) = "{name}: the connection broke at {done} of {total}; trying again", "{name}：连接在 {done} / {total} 处中断，正在重试";
    pause = "Pause", "暂停";
    resume = "Go on", "继续";
    goes_on = "A transfer that breaks off goes on where it was: choose the same file again.", "中断的上传会从断点继续：重新选择同一文件即可。";
    sent(name, size) = "{name}: {size}, sent", "{name}：{size}，已上传";
    sent_before(count) = "Files sent before, which are kept: {count}", "已保留先前上传的文件：{count} 个";
    failed(name, why) = "{name}: not sent. {why}", "{name}：上传失败。{why}";
    broken = "The connection broke. Choose the file again to go on where it was.", "连接中断。重新选择同一文件即可从断点继续。";
    cancelled = "Cancelled.", "已取消。";
    cancel = "Cancel", "取消";
    signed_out = "Sign in again.", "请重新登录。";
    not_allowed = "Your role in this project does not allow this.", "您在此项目中的角色不允许此操作。";
    too_large = "The file is too large for this server.", "文件超过此服务器的大小限制。";
    empty_file = "The file is empty, or its name cannot be used.", "文件为空，或文件名无法使用。";
    too_many = "Too many unfinished transfers. Finish or cancel some of them.", "未完成的上传过多，请完成或取消其中一些。";
    disk_full = "The server's disk is full. Tell the administrator.", "服务器磁盘已满，请告知管理员。";
    refused(status) = "The server answered {status}.", "服务器返回 {status}。";
}

/// How one file is doing.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser sends files"))]
enum State {
    /// `rate` in bytes a second, 0 before anything was measured.
    Sending {
        done: f64,
        total: f64,
        rate: f64,
    },
    Paused {
        done: f64,
        total: f64,
    },
    /// Broken off, to be tried again.
    Waiting {
        done: f64,
        total: f64,
    },
    Sent {
        id: String,
        size: f64,
    },
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
    let too_many = RwSignal::new(false);
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
        let Some(list) = list else { return };
        // Dropped files know nothing of the input's `multiple`.
        too_many.set(!multiple && send::count(&list) > 1);
        if !too_many.get_untracked() {
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
                <span>{if multiple { drop_here(l) } else { drop_one(l) }}</span>
                <input
                    type="file" class="visually-hidden" node_ref=input multiple=multiple
                    accept=(!accept.is_empty()).then_some(accept)
                    on:change=move |_| start(send::chosen(input))
                />
            </label>
            <p class="error" role="alert" hidden=move || !too_many.get()>{only_one(l)}</p>
            <noscript><p class="help">{needs_script(l)}</p></noscript>
            <p class="help">{goes_on(l)}</p>
            {(!help.is_empty()).then(|| view! { <p class="help">{help}</p> })}
            {(before > 0).then(|| view! { <p class="help">{sent_before(l, before)}</p> })}
            <ul class="upload-list" aria-live="polite">
                <For each=move || files.get().into_iter().enumerate() key=|(i, (n, s))| (*i, n.clone(), format!("{s:?}")) let((i, (name, state)))>
                    <li>{line(&name, &state)}
                        {matches!(state, State::Sending { .. } | State::Waiting { .. }).then(|| view! {
                            <button type="button" class="button button-small button-quiet" on:click=move |_| cancels.with_value(|c| send::pause(c, i))>
                                {pause(l)}
                            </button>
                        })}
                        {matches!(state, State::Paused { .. }).then(|| view! {
                            <button type="button" class="button button-small" on:click=move |_| cancels.with_value(|c| send::resume(c, i))>
                                {resume(l)}
                            </button>
                        })}
                        {matches!(state, State::Sending { .. } | State::Waiting { .. } | State::Paused { .. }).then(|| view! {
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
    use crate::ui::format::{bytes, duration};
    let l = crate::text::lang();
    let size = |x: f64| bytes(x as u64);
    let bar = |done: f64, total: f64, words: String| {
        view! {
            <div class="progress">
                <progress max=total.to_string() value=done.to_string()></progress>
                <span class="progress-line">{words}</span>
            </div>
        }
        .into_any()
    };
    match state {
        State::Sending { done, total, rate } if *rate > 0.0 => {
            let left = duration(((total - done) / rate) as u64, l);
            bar(*done, *total, sending(l, name, size(*done), size(*total), size(*rate), left))
        }
        State::Sending { done, total, .. } => bar(*done, *total, begins(l, name, size(*total))),
        State::Paused { done, total } => bar(*done, *total, paused(l, name, size(*done), size(*total))),
        State::Waiting { done, total } => bar(*done, *total, waiting(l, name, size(*done), size(*total))),
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
        400 | 422 => empty_file(l).to_owned(),
        429 => too_many(l).to_owned(),
        507 => disk_full(l).to_owned(),
        other => refused(l, other),
    }
}
