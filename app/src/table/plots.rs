//! Plots over the runs that were found: parallel coordinates, a scatter plot, the importance of settings.

use super::{
    address::{self, Here},
    api::Plot,
    cells, columns,
    scatter::{Dot, Scatter, Side},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        format::{percent, shortened},
        parallel::{Dimension, Item, Parallel},
    },
};
use domain::{
    eval::larger_is_better,
    lang::Lang,
    sweep::{FEWEST, Importance},
    table::{
        Column, PlotKind, Point, TableView,
        plot::{Axis, Mark, axis},
    },
};
use leptos::prelude::*;

/// The form that chooses a plot and its columns.
pub(super) fn chooser(here: &Here, all: &[Column]) -> impl IntoView + use<> {
    let l = lang();
    let state = &here.state;
    let kinds = PlotKind::ALL.map(|kind| {
        view! { <option value=kind.as_str() selected={state.plot == Some(kind)}>{text::plot_name(l, kind)}</option> }
    });
    let kinds = kinds.collect_view();
    let numbers = || all.iter().filter(|c| c.kind.is_number());
    let y = columns::options(numbers(), Some(&state.y), l);
    let x = columns::options(all.iter().filter(|c| c.kind != domain::table::ColumnKind::Tags), Some(&state.x), l);
    let color = columns::options(all.iter().filter(|c| c.kind.groups()), Some(&state.color), l);
    let hidden = here.hidden(&["plot", "x", "y", "color"]);
    let (action, is_open) = (routes::table(here.project), state.plot.is_some());
    let remove = is_open.then(|| {
        let href = here.to(&TableView { plot: None, ..state.clone() });
        view! { <a class="button button-quiet" href=href>{text::remove_plot(l)}</a> }
    });
    view! {
        <details class="fold card" id="plot-form" open=is_open>
            <summary>{text::plot(l)}</summary>
            <p class="help">{text::plot_help(l)}</p>
            <form class="filters" method="get" action=action>
                {hidden}
                <div class="field">
                    <label for="plot">{text::plot_kind(l)}</label>
                    <select id="plot" name="plot">{kinds}</select>
                </div>
                <div class="field">
                    <label for="plot-y">{text::metric_or_y(l)}</label>
                    <select id="plot-y" name="y">{y}</select>
                </div>
                <div class="field">
                    <label for="plot-x">{text::across(l)}</label>
                    <select id="plot-x" name="x">{x}</select>
                </div>
                <div class="field">
                    <label for="plot-color">{text::color(l)}</label>
                    <select id="plot-color" name="color">{color}</select>
                </div>
                <button class="button" type="submit">{text::show(l)}</button>
                {remove}
            </form>
        </details>
    }
}

/// The plot of the view.
pub(super) fn plot(here: &Here, plot: &Plot, l: Lang) -> AnyView {
    let drawn = match plot {
        Plot::Unchosen => view! { <p class="notice notice-warn" role="status">{text::unchosen(l)}</p> }.into_any(),
        Plot::Parallel(columns, points) => parallel(here, columns, points, l),
        Plot::Scatter(columns, points) => scatter(here, columns, points, l),
        Plot::Importance(metric, found) => importance(metric, found, l),
    };
    let title = here.state.plot.map(|kind| text::plot_name(l, kind));
    view! { <section class="card table-plot" id="drawn"><h2>{title}</h2>{drawn}</section> }.into_any()
}

/// What a run says where it stands: its name, and the values of these columns.
fn said(point: &Point, columns: &[Column], l: Lang) -> String {
    let name = point.number.map_or_else(|| shortened(&point.name), |n| format!("#{n} {}", shortened(&point.name)));
    let values = columns.iter().zip(&point.values).filter_map(|(c, value)| {
        Some(format!("{}: {}", text::column_name(l, &c.name), cells::words(c, value.as_ref()?, l)))
    });
    std::iter::once(name).chain(values).collect::<Vec<_>>().join("\n")
}

fn marks(axis: &Axis, column: &Column, l: Lang) -> Vec<(f64, String)> {
    let words = |mark: &Mark| match mark {
        Mark::Number(x) => cells::number_words(column, *x, l),
        Mark::Word(word) => shortened(word),
        Mark::Others => text::others(l).to_owned(),
    };
    axis.marks.iter().map(|(height, mark)| (*height, words(mark))).collect()
}

/// The name of an axis, and whether it is logarithmic.
fn axis_name(axis: &Axis, column: &Column, l: Lang) -> String {
    let name = text::column_name(l, &column.name);
    if axis.is_logarithmic { format!("{name} ({})", text::logarithmic(l)) } else { name }
}

/// Runs that have the metric, which is the last column; those that lack another value stand low on its axis.
fn parallel(here: &Here, columns: &[Column], points: &[Point], l: Lang) -> AnyView {
    let Some((metric, last)) = columns.last().zip(columns.len().checked_sub(1)) else { return ().into_any() };
    let mut measured: Vec<(&Point, f64)> =
        points.iter().filter_map(|p| Some((p, p.values.get(last)?.as_ref()?.as_f64()?))).collect();
    if measured.len() < 2 {
        return view! { <p class="muted">{text::too_few_points(l)}</p> }.into_any();
    }
    let grows = larger_is_better_in(&metric.name);
    if let Some(grows) = grows {
        let sign = if grows { 1.0 } else { -1.0 };
        // The best are drawn last, on top.
        measured.sort_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
    }
    let owned: Vec<Point> = measured.iter().map(|(p, _)| (*p).clone()).collect();
    let axes: Vec<(&Column, Axis)> = columns.iter().enumerate().map(|(i, c)| (c, axis(&owned, i))).collect();
    let axes: Vec<(&Column, Axis)> = axes.into_iter().filter(|(c, a)| a.varies() || c.name == metric.name).collect();
    let dimensions: Vec<Dimension> =
        axes.iter().map(|(c, a)| Dimension { name: axis_name(a, c, l), marks: marks(a, c, l) }).collect();
    let items: Vec<Item> = owned
        .iter()
        .enumerate()
        .map(|(i, p)| Item {
            heights: axes.iter().map(|(_, a)| a.heights[i].unwrap_or(-0.04)).collect(),
            tone: if grows.is_some() { i * 5 / owned.len() } else { NEUTRAL },
            href: address::run(here.project, p.source, p.id),
            title: said(p, columns, l),
        })
        .collect();
    view! { <Parallel title=text::parallel(l) dimensions items/> }.into_any()
}

/// The tone of lines of which none is better than another.
const NEUTRAL: usize = 2;

/// Whether larger values of a column are better; `None` where nobody can say, as of a duration or of what a script logs.
fn larger_is_better_in(column: &str) -> Option<bool> {
    match column.split_once('.')? {
        // Every loss is better when it is smaller, whatever it is called.
        ("loss", _) => Some(false),
        ("metrics", key) if key.contains("loss") => Some(false),
        ("eval" | "base" | "gain", key) => Some(larger_is_better(key)),
        _ => None,
    }
}

fn scatter(here: &Here, columns: &[Column], points: &[Point], l: Lang) -> AnyView {
    let [x, y, rest @ ..] = columns else { return ().into_any() };
    let (across, up) = (axis(points, 0), axis(points, 1));
    let color = rest.first().map(|c| (c, axis(points, 2)));
    let dots: Vec<Dot> = points
        .iter()
        .enumerate()
        .filter_map(|(i, p)| {
            Some(Dot {
                x: across.heights[i]?,
                y: up.heights[i]?,
                tone: color.as_ref().map(|(c, a)| tone(c, a, i)),
                href: address::run(here.project, p.source, p.id),
                title: said(p, columns, l),
            })
        })
        .collect();
    if dots.is_empty() {
        return view! { <p class="muted">{text::too_few_points(l)}</p> }.into_any();
    }
    let side = |a: &Axis, c: &Column| Side { name: axis_name(a, c, l), marks: marks(a, c, l) };
    let legend = color.as_ref().map(|(c, a)| legend(c, a, l)).unwrap_or_default();
    let (across, up) = (side(&across, x), side(&up, y));
    view! { <Scatter title=text::scatter(l) across up dots legend/> }.into_any()
}

/// Colours of the style sheet: words have one each, as far as there are; numbers go from pale to full in five steps.
const WORD_TONES: usize = 6;

fn tone(column: &Column, axis: &Axis, i: usize) -> String {
    let Some(height) = axis.heights[i] else { return "scatter-none".to_owned() };
    if column.kind.is_number() {
        return format!("scatter-step-{}", ((height * 5.0) as usize).min(4));
    }
    format!("scatter-word-{}", word_of(axis, height) % WORD_TONES)
}

/// Which of an axis' words stands at a height.
fn word_of(axis: &Axis, height: f64) -> usize {
    axis.marks.iter().position(|(h, _)| (h - height).abs() < 1e-9).unwrap_or(0)
}

/// What the colours mean: the class and the words of each.
fn legend(column: &Column, axis: &Axis, l: Lang) -> Vec<(String, String)> {
    let name = text::column_name(l, &column.name);
    let all = marks(axis, column, l);
    let entries = all.into_iter().map(|(height, words)| {
        let class = if column.kind.is_number() {
            format!("scatter-step-{}", ((height * 5.0) as usize).min(4))
        } else {
            format!("scatter-word-{}", word_of(axis, height) % WORD_TONES)
        };
        (class, format!("{name}: {words}"))
    });
    entries.collect()
}

/// A bar per setting.
fn importance(metric: &Column, found: &[Importance], l: Lang) -> AnyView {
    if found.is_empty() {
        return view! { <p class="muted">{text::nothing_varies(l)}</p> }.into_any();
    }
    let rows = found.iter().map(|i| {
        let share = i.share.map(|s| view! { <meter min="0" max="1" value=s.to_string()></meter>" "{percent(s)} });
        let none = i.share.is_none().then(|| view! { <span class="muted">{text::too_few(l)}</span> });
        view! {
            <tr>
                <th scope="row"><code>{i.field.clone()}</code></th>
                <td class="sweep-share">{share}{none}</td>
                <td class="num">{i.p_value.map(|p| format!("{p:.3}"))}</td>
                <td class="num">{i.correlation.map(|c| format!("{c:+.2}"))}</td>
                <td class="num">{i.runs}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <p><code>{metric.name.clone()}</code></p>
        <p class="help">{text::importance_help(l)}" (n ≥ "{FEWEST}")"</p>
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::setting(l)}</th>
                        <th scope="col">{text::share(l)}</th>
                        <th scope="col" class="num">{text::p_value(l)}</th>
                        <th scope="col" class="num">{text::direction(l)}</th>
                        <th scope="col" class="num">{text::based_on(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_direction_is_known_of_scores_and_losses_alone() {
        let known = ["loss.validation.last", "eval.perplexity", "metrics.val_loss", "eval.accuracy", "gain.rouge_l"];
        assert_eq!(known.map(larger_is_better_in), [Some(false), Some(false), Some(false), Some(true), Some(true)]);
        let unknown = ["duration", "memory", "disk", "params.lr", "metrics.rmse"];
        assert_eq!(unknown.map(larger_is_better_in), [None; 5]);
    }
}
