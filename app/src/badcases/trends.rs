//! How the bad cases develop from run to run, or from month to month: stacked bars and the table behind them.

use super::{
    api::{TrendView, get_trend},
    choices, text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        bars::{Bar, COLOURS, StackedBars},
        field::Field,
        format::shortened,
        frame::PageHeader,
        load::load,
        notice::{Empty, not_applied},
    },
};
use domain::{
    badcase::{
        BadCaseStatus, Cause, Severity, Source,
        trend::{Trend, TrendBy, TrendOver, TrendQuery},
    },
    id::{DatasetId, ProjectId},
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    title = "Trends", "趋势";
    lead = "How many bad cases each run has, and why. A run is a version of the model. Dismissed ones do not count; a duplicate counts with the cause of the one that is kept.",
        "每次训练运行（即每个模型版本）的 Bad Case 数量及原因。已忽略的不计；重复的按所保留那条的原因计入。";
    by = "Count by", "统计维度";
    by_cause = "Cause", "原因大类";
    by_own = "Cause in the project's words", "具体原因";
    by_status = "Status", "状态";
    by_severity = "Severity", "严重程度";
    by_slice = "Field of the data", "数据字段";
    over = "Over", "时间轴";
    over_run = "Runs", "训练运行";
    over_month = "Months", "月份";
    slice = "Field", "字段";
    slice_help = "Where a field of the data is counted.", "按数据字段统计时使用。";
    none = "Nothing to count", "没有可统计的内容";
    none_hint = "Bad cases appear here with the first evaluation, or as soon as somebody adds one.", "完成首次评估或手动添加 Bad Case 后即可在此查看。";
    value = "Value", "取值";
    total = "Total", "合计";
    others = "Others", "其他";
    unexplained = "Not given", "未填";
    without_run = "no run", "无运行";
    earlier(n) = "The latest {n} are drawn; the files have all.", "仅绘制最近 {n} 列，导出文件包含全部。";
}

/// Columns that are drawn and listed: the latest.
const SHOWN: usize = 24;

fn query() -> TrendQuery {
    TrendQuery {
        by: routes::query("by").unwrap_or_default(),
        over: routes::query("over").unwrap_or_default(),
        slice: routes::query("slice"),
        dataset: routes::query("dataset"),
        cause: routes::query("cause"),
        status: routes::query("status"),
        severity: routes::query("severity"),
        source: routes::query("source"),
    }
}

/// The query as the REST API and this page name it.
fn query_string(q: &TrendQuery) -> String {
    let parts = [
        ("by", Some(q.by.as_str().to_owned())),
        ("over", Some(q.over.as_str().to_owned())),
        ("slice", q.slice.as_deref().map(routes::encode)),
        ("dataset", q.dataset.map(|d| d.to_string())),
        ("cause", q.cause.map(|c| c.as_str().to_owned())),
        ("status", q.status.map(|s| s.as_str().to_owned())),
        ("severity", q.severity.map(|s| s.as_str().to_owned())),
        ("source", q.source.map(|s| s.as_str().to_owned())),
    ];
    let parts: Vec<_> = parts.into_iter().filter_map(|(k, v)| v.map(|v| format!("{k}={v}"))).collect();
    format!("?{}", parts.join("&"))
}

/// `/p/:project/bad-cases/trends`
#[component]
pub fn TrendsPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let query = query();
    let export = format!("/api/v1/projects/{project}/bad-case-trends{}&format=", query_string(&query));
    view! {
        <PageHeader title=title(l) lead=lead(l)>
            <a class="button button-quiet" href=routes::bad_cases(project)>{text::back(l)}</a>
            <a class="button" href=format!("{export}csv")>{text::export_csv(l)}</a>
            <a class="button" href=format!("{export}json")>{text::export_json(l)}</a>
        </PageHeader>
        {not_applied([
            routes::misread::<TrendBy>("by"),
            routes::misread::<TrendOver>("over"),
            routes::misread::<DatasetId>("dataset"),
            routes::misread::<Cause>("cause"),
            routes::misread::<BadCaseStatus>("status"),
            routes::misread::<Severity>("severity"),
            routes::misread::<Source>("source"),
        ])}
        {load(get_trend(project, query.clone()), move |view| body(&query, &view, l).into_any())}
    }
    .into_any()
}

fn body(query: &TrendQuery, found: &TrendView, l: Lang) -> impl IntoView + use<> {
    let form = form(query, found, l);
    if found.trend.rows.is_empty() {
        return view! { {form} <Empty title=none(l) hint=none_hint(l)/> }.into_any();
    }
    let trend = latest(&found.trend);
    let cut =
        (trend.columns.len() < found.trend.columns.len()).then(|| view! { <p class="help">{earlier(l, SHOWN)}</p> });
    let (series, bars) = drawn(query.by, &trend, l);
    view! {
        {form}
        <section class="card">
            <StackedBars title=title(l) series bars/>
            {cut}
        </section>
        {table(query.by, &trend, l)}
    }
    .into_any()
}

/// The latest columns alone.
fn latest(trend: &Trend) -> Trend {
    let from = trend.columns.len().saturating_sub(SHOWN);
    let mut latest = trend.clone();
    latest.columns.drain(..from);
    for row in &mut latest.rows {
        row.cases.drain(..from);
    }
    latest.rows.retain(|row| row.total() > 0);
    latest
}

/// Names of the series and the bars. Where there are more than there are colours, the rest is one.
fn drawn(by: TrendBy, trend: &Trend, l: Lang) -> (Vec<String>, Vec<Bar>) {
    let alone = if trend.rows.len() > COLOURS { COLOURS - 1 } else { trend.rows.len() };
    let mut series: Vec<String> = trend.rows[..alone].iter().map(|row| value_name(by, &row.value, l)).collect();
    let rest = &trend.rows[alone..];
    if !rest.is_empty() {
        series.push(others(l).to_owned());
    }
    let bar = |(i, column): (usize, &String)| {
        let mut parts: Vec<i64> = trend.rows[..alone].iter().map(|row| row.cases[i]).collect();
        if !rest.is_empty() {
            parts.push(rest.iter().map(|row| row.cases[i]).sum());
        }
        Bar { name: column_name(column, l), parts }
    };
    let bars = trend.columns.iter().enumerate().map(bar).collect();
    (series, bars)
}

fn column_name(column: &str, l: Lang) -> String {
    if column.is_empty() { without_run(l).to_owned() } else { column.to_owned() }
}

/// A value in the reader's language.
fn value_name(by: TrendBy, value: &str, l: Lang) -> String {
    let known = match by {
        TrendBy::Cause => value.parse().ok().map(|cause| text::cause_name(l, cause)),
        TrendBy::Status => value.parse().ok().map(|status| text::status_name(l, status)),
        TrendBy::Severity => value.parse().ok().map(|severity| text::severity_name(l, severity)),
        TrendBy::Own | TrendBy::Slice => None,
    };
    match known {
        Some(name) => name.to_owned(),
        None if value.is_empty() => unexplained(l).to_owned(),
        None => shortened(value),
    }
}

fn table(by: TrendBy, trend: &Trend, l: Lang) -> impl IntoView + use<> {
    let heads = trend.columns.iter().map(|c| view! { <th scope="col" class="num">{column_name(c, l)}</th> });
    let heads = heads.collect_view();
    let rows = trend.rows.iter().map(|row| {
        let cells = row.cases.iter().map(|n| view! { <td class="num">{*n}</td> }).collect_view();
        view! {
            <tr>
                <th scope="row" dir="auto">{value_name(by, &row.value, l)}</th>
                {cells}
                <td class="num"><strong>{row.total()}</strong></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr><th scope="col">{value(l)}</th>{heads}<th scope="col" class="num">{total(l)}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn form(query: &TrendQuery, found: &TrendView, l: Lang) -> impl IntoView + use<> {
    let bys =
        TrendBy::ALL.map(|b| view! { <option value=b.as_str() selected={query.by == b}>{by_name(l, b)}</option> });
    let overs = TrendOver::ALL
        .map(|o| view! { <option value=o.as_str() selected={query.over == o}>{over_name(l, o)}</option> });
    let slices = (!found.slices.is_empty()).then(|| {
        let options = found.slices.iter().map(|name| {
            let selected = query.slice.as_deref() == Some(name.as_str());
            view! { <option value=name.clone() selected=selected>{shortened(name)}</option> }
        });
        let options = options.collect_view();
        view! {
            <Field id="slice" label=slice(l) help=slice_help(l)>
                <select id="slice" name="slice" aria-describedby="slice-help">{options}</select>
            </Field>
        }
    });
    let datasets = found.datasets.iter().map(|(id, name)| {
        let selected = query.dataset == Some(*id);
        view! { <option value=id.to_string() selected=selected>{shortened(name)}</option> }
    });
    let datasets = datasets.collect_view().into_any();
    let causes = Cause::ALL.map(
        |c| view! { <option value=c.as_str() selected={query.cause == Some(c)}>{text::cause_name(l, c)}</option> },
    );
    let statuses = BadCaseStatus::ALL.map(
        |s| view! { <option value=s.as_str() selected={query.status == Some(s)}>{text::status_name(l, s)}</option> },
    );
    let sources = Source::ALL.map(
        |s| view! { <option value=s.as_str() selected={query.source == Some(s)}>{text::source_name(l, s)}</option> },
    );
    let choice = move |id: &'static str, label: &'static str, options: AnyView| {
        view! {
            <Field id=id label=label>
                <select id=id name=id><option value="">{text::any(l)}</option>{options}</select>
            </Field>
        }
    };
    view! {
        <form class="filters" method="get">
            <Field id="by" label=by(l)><select id="by" name="by">{bys.collect_view()}</select></Field>
            {slices}
            <Field id="over" label=over(l)><select id="over" name="over">{overs.collect_view()}</select></Field>
            {choice("dataset", text::dataset(l), datasets)}
            {choice("cause", text::cause(l), causes.collect_view().into_any())}
            {choice("status", text::status(l), statuses.collect_view().into_any())}
            {choice("severity", text::severity(l), choices::severities(query.severity, l))}
            {choice("source", text::source(l), sources.collect_view().into_any())}
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

fn by_name(l: Lang, by: TrendBy) -> &'static str {
    match by {
        TrendBy::Cause => by_cause(l),
        TrendBy::Own => by_own(l),
        TrendBy::Status => by_status(l),
        TrendBy::Severity => by_severity(l),
        TrendBy::Slice => by_slice(l),
    }
}

fn over_name(l: Lang, over: TrendOver) -> &'static str {
    match over {
        TrendOver::Run => over_run(l),
        TrendOver::Month => over_month(l),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::badcase::trend::TrendCell;

    fn trend(columns: i64, values: i64) -> Trend {
        let cells: Vec<TrendCell> = (0..columns)
            .flat_map(|c| (0..values).map(move |v| (c, v)))
            .map(|(c, v)| TrendCell { column: format!("#{c}"), value: format!("v{v}"), cases: values - v })
            .collect();
        Trend::of(&cells)
    }

    #[test]
    fn many_values_share_the_last_colour() {
        let (series, bars) = drawn(TrendBy::Slice, &trend(2, 8), Lang::En);
        assert_eq!((series.len(), series[5].as_str()), (COLOURS, "Others"));
        assert_eq!(bars[0].parts, [8, 7, 6, 5, 4, 6], "3 + 2 + 1 are one");
        let (series, bars) = drawn(TrendBy::Slice, &trend(1, 2), Lang::En);
        assert_eq!((series, bars[0].parts.as_slice()), (vec!["v0".to_owned(), "v1".to_owned()], [2, 1].as_slice()));
    }

    #[test]
    fn the_latest_columns_are_shown() {
        let shown = latest(&trend(SHOWN as i64 + 3, 1));
        assert_eq!((shown.columns.len(), shown.columns[0].as_str(), shown.rows[0].cases.len()), (SHOWN, "#3", SHOWN));
    }
}
