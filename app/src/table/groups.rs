//! Rows with the same values as one line each: how many there are, and what their numbers come to.

use super::{
    address::Here,
    cells::{between, number_words},
    text,
};
use crate::{text::lang, ui::format::integer};
use domain::{
    lang::Lang,
    table::{Column, Group, GroupStat, TableView, asked::group_condition},
};
use leptos::prelude::*;

/// The groups, the largest first. The number of runs leads to them.
pub(super) fn table(here: &Here, grouped_by: &[Column], columns: &[Column], groups: &[Group]) -> AnyView {
    let l = lang();
    if groups.is_empty() {
        return ().into_any();
    }
    let stats: Vec<String> =
        groups.first().map(|g| g.stats.iter().map(|s| s.column.clone()).collect()).unwrap_or_default();
    let key_heads = grouped_by.iter().map(|c| view! { <th scope="col">{text::column_name(l, &c.name)}</th> });
    let stat_heads = stats.iter().map(|name| view! { <th scope="col" class="num">{text::column_name(l, name)}</th> });
    let (key_heads, stat_heads) = (key_heads.collect_view(), stat_heads.collect_view());
    let rows = groups.iter().map(|group| row(here, grouped_by, columns, group, l)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards" id="groups">
                <thead>
                    <tr>
                        {key_heads}
                        <th scope="col" class="num">{text::runs(l)}</th>
                        {stat_heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(here: &Here, grouped_by: &[Column], columns: &[Column], group: &Group, l: Lang) -> impl IntoView + use<> {
    let keys = grouped_by.iter().zip(&group.keys).enumerate().map(|(i, (column, key))| {
        let words = key.clone().unwrap_or_else(|| text::missing(l).to_owned());
        let label = text::column_name(l, &column.name);
        match i {
            0 => view! { <th scope="row" data-label=label><bdi>{words}</bdi></th> }.into_any(),
            _ => view! { <td data-label=label><bdi>{words}</bdi></td> }.into_any(),
        }
    });
    let keys = keys.collect_view();
    let conditions = grouped_by.iter().zip(&group.keys).map(|(column, key)| group_condition(column, key.as_deref()));
    let inside = conditions.fold(TableView { group: Vec::new(), ..here.state.clone() }, |view, c| view.narrowed(&c));
    let stats = group.stats.iter().map(|stat| {
        let column = columns.iter().find(|c| c.name == stat.column);
        let label = text::column_name(l, &stat.column);
        view! { <td class="num" data-label=label>{column.map(|c| summed(c, stat, l))}</td> }
    });
    let stats = stats.collect_view();
    view! {
        <tr>
            {keys}
            <td class="num" data-label=text::runs(l)><a href=here.to(&inside)>{integer(group.runs)}</a></td>
            {stats}
        </tr>
    }
}

/// "0.812 ± 0.010", and the range below.
fn summed(column: &Column, stat: &GroupStat, l: Lang) -> Option<impl IntoView + use<>> {
    let mean = between(column, stat.mean?, l);
    let spread = stat.spread.map(|s| format!(" ± {}", between(column, s, l)));
    let (low, high) = (number_words(column, stat.min?, l), number_words(column, stat.max?, l));
    let range = (low != high).then(|| view! { <div class="muted">{text::from_to(l, low, high)}</div> });
    Some(view! { <div>{mean}{spread}{range}</div> })
}
