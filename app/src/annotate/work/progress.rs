//! How far a person is in a task, and how fast.

use super::text;
use crate::{
    text::lang,
    ui::format::{duration, integer},
};
use domain::annotation::view::{LEFT_COUNTED, Mine};
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
