//! How far a person is in a task, and how fast.

use super::text;
use crate::{
    text::lang,
    ui::format::{duration, integer},
};
use domain::{
    annotation::{
        batch::{Due, Pace},
        view::{LEFT_COUNTED, Mine},
    },
    lang::Lang,
};
use leptos::prelude::*;

/// The bar with its numbers.
pub(super) fn bar(mine: Mine) -> impl IntoView {
    let l = lang();
    let seconds = mine.median_ms.map(|ms| ms.div_ceil(1000).max(1));
    let is_exact = mine.left < u64::from(LEFT_COUNTED);
    let left = if is_exact { text::left(l, integer(mine.left)) } else { text::left_many(l, integer(mine.left)) };
    let time = seconds.filter(|_| is_exact && mine.left > 0).map(|s| text::time_left(l, duration(s * mine.left, l)));
    let facts = [
        Some(text::judged(l, integer(mine.judged))),
        Some(text::today(l, integer(mine.judged_today))),
        seconds.map(|s| text::pace(l, s)),
        Some(left),
        time,
        mine.due.map(|due| until(l, due)),
        mine.due.and_then(|due| needed(l, due)),
    ];
    let facts = facts.into_iter().flatten().map(|fact| view! { <span>{fact}</span> }).collect_view();
    let (value, max) = (mine.judged.to_string(), (mine.judged + mine.left).max(1).to_string());
    view! {
        <div class="progress">
            <progress value=value max=max aria-label=text::progress(l)></progress>
            <div class="work-facts">{facts}</div>
        </div>
    }
}

/// The time until the next deadline.
fn until(l: Lang, due: Due) -> String {
    let left = u64::try_from(due.seconds_left).ok().filter(|_| !due.has_passed());
    left.map_or_else(|| text::due_passed(l).to_owned(), |seconds| text::due(l, duration(seconds, l)))
}

/// What all people together must do until then.
fn needed(l: Lang, due: Due) -> Option<String> {
    let missing = integer(due.missing);
    Some(match due.pace()? {
        Pace::PerDay(rate) => text::missing_day(l, missing, integer(rate)),
        Pace::PerHour(rate) => text::missing_hour(l, missing, integer(rate)),
    })
}
