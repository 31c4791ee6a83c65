//! Bad cases that belong together: found by a job, named by people.

use super::{
    api::{ClusterView, FindClusters, RenameCluster, list_clusters},
    list::clip,
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{Time, integer, last_paragraph, shortened},
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::Empty,
    },
};
use domain::{
    access::Action,
    badcase::{taxonomy::MAX_NAME_CHARS, view::CaseCluster},
    id::{JobId, ProjectId},
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    title = "Clusters", "聚类";
    lead = "Bad cases that are work still, open, confirmed or corrected, grouped by what they say and which labels were taken for each other. With embeddings of a model that has scored the data, else by words.",
        "按内容以及混淆的标签对待处理、已确认和已改正的 Bad Case 分组。若数据已由模型评分并带嵌入则使用嵌入，否则按用词分组。";
    find = "Group them", "开始聚类";
    find_again = "Group them anew", "重新聚类";
    none = "No clusters", "没有聚类";
    none_hint = "Group the bad cases to see what they have in common. A case that is like no other stays by itself.",
        "对 Bad Case 聚类以了解其共性。与其他都不相似的保持单独。";
    computed = "Grouped", "聚类时间";
    cases(n) = "{n} cases", "{n} 条";
    words = "What tells it apart", "特征词";
    confusion = "Taken for each other", "混淆";
    confused(expected, output, n) = "{expected} → {output} ({n})", "{expected} → {output}（{n}）";
    name = "Name", "名称";
    name_help = "Grouping anew keeps a name that you give.", "重新聚类会保留您给出的名称。";
    rename = "Name it", "命名";
    show = "Show them", "查看";
}

/// `/p/:project/bad-cases/clusters`
#[component]
pub fn ClustersPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let job = routes::query::<JobId>("job");
    let progress = job.map(|job| view! { <JobProgress project job then=routes::clusters(project)/> });
    view! {
        <PageHeader title=title(l) lead=lead(l)>
            <a class="button button-quiet" href=routes::bad_cases(project)>{text::back(l)}</a>
        </PageHeader>
        {progress}
        {load(list_clusters(project), move |view| body(project, view, l).into_any())}
    }
    .into_any()
}

fn body(project: ProjectId, view: ClusterView, l: Lang) -> impl IntoView {
    let may = role::may(Action::Annotate);
    let ClusterView { clusters, datasets } = view;
    let start = |label: &'static str| {
        let options = datasets.iter().map(|(id, name)| {
            view! { <option value=id.to_string()>{shortened(name)}</option> }
        });
        let options = options.collect_view();
        may.then(|| {
            view! {
                <PostForm action={ServerAction::<FindClusters>::new()} class="filters">
                    <input type="hidden" name="project" value=project.to_string()/>
                    <Field id="dataset" label=text::dataset(l)>
                        <select id="dataset" name="dataset"><option value="">{text::any(l)}</option>{options}</select>
                    </Field>
                    <button class="button button-primary" type="submit">{label}</button>
                </PostForm>
            }
        })
    };
    let Some(at) = clusters.first().map(|c| c.computed_at) else {
        let start = start(find(l));
        return view! { <Empty title=none(l) hint=none_hint(l)>{start}</Empty> }.into_any();
    };
    let cards = clusters.into_iter().map(|cluster| card(project, cluster, may, l)).collect_view();
    view! {
        <div class="actions">{start(find_again(l))}<span class="muted">{computed(l)}" "<Time at/></span></div>
        <div class="grid">{cards}</div>
    }
    .into_any()
}

fn card(project: ProjectId, cluster: CaseCluster, may: bool, l: Lang) -> impl IntoView {
    let href = format!("{}?cluster={}", routes::bad_cases(project), cluster.id);
    let words_of = cluster.words.iter().map(|word| view! { <span class="badge" dir="auto">{word.clone()}</span> });
    let words_of = (!cluster.words.is_empty()).then(|| {
        view! { <p class="cluster-words" aria-label=words(l)>{words_of.collect_view()}</p> }
    });
    let confusions = cluster.confusions.iter().map(|(expected, output, n)| {
        view! { <li dir="auto">{confused(l, shortened(expected), shortened(output), n)}</li> }
    });
    let confusions = (!cluster.confusions.is_empty()).then(|| {
        view! { <h3>{confusion(l)}</h3> <ul class="cluster-lines">{confusions.collect_view()}</ul> }
    });
    let examples = cluster.examples.iter().map(|(id, prompt)| {
        let text = clip(last_paragraph(prompt), l);
        view! { <li dir="auto"><a href=routes::bad_case(project, *id)>{text}</a></li> }
    });
    let examples = examples.collect_view();
    let (id, old) = (cluster.id, cluster.name.clone());
    let form = may.then(|| {
        let (field, help) = (format!("name-{id}"), format!("name-{id}-help"));
        view! {
            <details class="fold">
                <summary>{rename(l)}</summary>
                <PostForm action={ServerAction::<RenameCluster>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="cluster" value=id.to_string()/>
                    <div class="field">
                        <label for=field.clone()>{name(l)}</label>
                        <input id=field name="name" required dir="auto" value=old maxlength=MAX_NAME_CHARS.to_string() aria-describedby=help.clone()/>
                        <p class="help" id=help>{name_help(l)}</p>
                    </div>
                    <button class="button" type="submit">{rename(l)}</button>
                </PostForm>
            </details>
        }
    });
    view! {
        <section class="card">
            <div class="card-title">
                <h2 dir="auto">{cluster.name}</h2>
                <span class="muted">{cases(l, integer(cluster.cases.unsigned_abs()))}</span>
            </div>
            {words_of}
            {confusions}
            <ul class="cluster-lines">{examples}</ul>
            <p><a class="button button-small" href=href>{show(l)}</a></p>
            {form}
        </section>
    }
}
