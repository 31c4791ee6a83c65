//! Evidence on why the model was wrong, each piece with a sentence and the cause that it points to.

use super::{api::FindNearest, text};
use crate::{
    routes,
    ui::{
        form::PostForm,
        format::{Time, gist, integer, percent},
        job::JobProgress,
    },
};
use domain::{
    badcase::evidence::{Embedded, Evidence, Finding, NearRow},
    id::{BadCaseId, JobId, ProjectId},
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    title = "Evidence", "证据";
    lead(name, number) = "What {name} v{number}, which the model was trained on, has of the like. It only suggests a cause: you judge.",
        "模型的训练数据 {name} v{number} 中与此类似的内容。仅供参考，由您判定。";
    no_version = "No version to look into.", "没有可供查找的数据版本。";
    not_indexed = "The version is not indexed yet, so that it cannot be searched. Open this page again in a moment.",
        "该版本的索引尚未建好，暂时无法查找。请稍后再打开此页。";
    nothing = "Nothing stands out.", "没有明显线索。";
    suggests(cause) = "Most of it points to the cause: {cause}", "多数线索指向原因：{cause}";
    points_to(cause) = "({cause})", "（{cause}）";

    conflict(rows, others) = "Of {rows} training rows that say nearly the same, {others} have another answer: the labels contradict each other.",
        "{rows} 条内容几乎相同的训练样本中，有 {others} 条答案不同：标注互相矛盾。";
    contradicted(rows) = "All of the {rows} training rows that say nearly the same have another answer than expected here: the expected answer may be wrong.",
        "{rows} 条内容几乎相同的训练样本，答案都与此处的期望不同：期望答案可能有误。";
    alone(similarity) = "Nothing in training is like it: the nearest row is {similarity} alike. More data of this kind may help.",
        "训练数据中没有类似内容：最接近的样本相似度仅 {similarity}。增加此类数据可能有帮助。";
    few_of_label(label, rows) = "Training has only {rows} rows with the label “{label}”.", "训练数据中标签“{label}”仅有 {rows} 条。";
    few_of_slice(field, value, rows) = "Training has only {rows} rows with {field} = {value}.", "训练数据中 {field} = {value} 仅有 {rows} 条。";
    taught(rows) = "{rows} training rows that say nearly the same have the right answer, and the model is wrong all the same: it has not learnt them.",
        "{rows} 条内容几乎相同的训练样本答案正确，模型仍答错：未能学会。";
    sure(p) = "The model was {p} sure of its wrong answer.", "模型对错误答案的置信度为 {p}。";
    close(p) = "It was a close call: the model gave its answer {p}.", "判断接近边界：模型给该答案的概率为 {p}。";
    cut(tokens) = "The model never saw {tokens} tokens of the prompt: it is longer than the run's longest sample. Shorten it, or raise that length.",
        "模型未看到提示中的 {tokens} 个词元：超过了运行设置的最大长度。请缩短提示或提高该长度。";

    outvoted(rows, others) = "Of the {rows} training rows that are nearest to the model, {others} have another label: the expected one may be wrong, or the model follows its neighbours.",
        "在模型看来最接近的 {rows} 条训练样本中，有 {others} 条标签不同：期望标签可能有误，或模型受其影响。";

    nearest = "Nearest training rows by words", "按用词最接近的训练样本";
    by_embedding = "Nearest training rows by meaning", "按语义最接近的训练样本";
    embeddings_of(model) = "By the embeddings of {model}.", "依据 {model} 的嵌入。";
    on_average(cosine) = "All training rows have a cosine of {cosine} on average; only what is well above is near.",
        "全部训练样本的平均余弦相似度为 {cosine}，明显高于此值才算接近。";
    cosine = "Cosine", "余弦相似度";
    find = "Find them", "开始查找";
    find_again = "Find them anew", "重新查找";
    find_help = "Reads the embeddings of all training rows once; a large version takes minutes.",
        "需读取全部训练样本的嵌入，大版本可能需要几分钟。";
    no_embeddings = "No model has scored this version with embeddings, so rows can be compared by words alone.",
        "尚无模型为该版本计算带嵌入的评分，只能按用词比较。";
    score_it = "Score it", "去评分";
    alike = "Alike", "相似度";
    answer = "Answer", "答案";
    agrees = "as expected", "与期望一致";
    differs = "another", "不一致";
    facts = "In training", "训练数据中";
    rows(n) = "{n} rows", "{n} 条";
    own_probability = "Model's own probability of its answer", "模型对自身答案的概率";
}

/// The card.
pub(super) fn card(
    project: ProjectId,
    case: BadCaseId,
    evidence: &Evidence,
    may: bool,
    l: Lang,
) -> impl IntoView + use<> {
    let head = match evidence.version_id {
        Some(_) => lead(l, &evidence.dataset_name, evidence.version_number),
        None => no_version(l).to_owned(),
    };
    let waiting = (evidence.version_id.is_some() && !evidence.is_indexed)
        .then(|| view! { <p class="notice">{not_indexed(l)}</p> });
    let findings = evidence.findings();
    let suggestion =
        evidence.suggestion().map(|cause| view! { <p><strong>{suggests(l, text::cause_name(l, cause))}</strong></p> });
    let lines = findings.iter().map(|finding| {
        let cause = points_to(l, text::cause_name(l, finding.cause()));
        view! { <li dir="auto">{sentence(l, finding)}" "<span class="muted">{cause}</span></li> }
    });
    let lines = if findings.is_empty() {
        view! { <p class="muted">{nothing(l)}</p> }.into_any()
    } else {
        view! { <ul class="findings">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="card" id="evidence">
            <h2>{title(l)}</h2>
            <p class="muted" dir="auto">{head}</p>
            {waiting}
            {suggestion}
            {lines}
            {by_words(project, evidence, l)}
            {by_embeddings(project, case, evidence, may, l)}
            {numbers(evidence, l)}
        </section>
    }
}

/// What a finding says.
fn sentence(l: Lang, finding: &Finding) -> String {
    match finding {
        Finding::Conflict { rows, others } => conflict(l, rows, others),
        Finding::Contradicted { rows } => contradicted(l, rows),
        Finding::Outvoted { rows, others } => outvoted(l, rows, others),
        Finding::Alone { similarity } => alone(l, percent(*similarity)),
        Finding::FewOfLabel { label, rows } => few_of_label(l, label, integer(*rows)),
        Finding::FewOfSlice { field, value, rows } => few_of_slice(l, field, value, integer(*rows)),
        Finding::Taught { rows } => taught(l, rows),
        Finding::Sure { probability } => sure(l, percent(*probability)),
        Finding::Close { probability } => close(l, percent(*probability)),
        Finding::Cut { tokens } => cut(l, tokens),
    }
}

/// The nearest training rows by their words.
fn by_words(project: ProjectId, evidence: &Evidence, l: Lang) -> Option<impl IntoView + use<>> {
    if evidence.nearest.is_empty() {
        return None;
    }
    let rows = table(project, evidence, &evidence.nearest, (alike(l), percent), l);
    Some(view! { <h3>{nearest(l)}</h3>{rows} })
}

/// The nearest training rows to a model, and what has them found.
fn by_embeddings(
    project: ProjectId,
    case: BadCaseId,
    evidence: &Evidence,
    may: bool,
    l: Lang,
) -> Option<impl IntoView + use<>> {
    let dataset = evidence.dataset_id?;
    evidence.version_id?;
    if !evidence.can_embed {
        let href = format!("{}#scores", routes::clean(project, dataset, evidence.version_number.cast_unsigned()));
        return Some(
            view! { <h3>{by_embedding(l)}</h3><p class="muted">{no_embeddings(l)}" "<a href=href>{score_it(l)}</a></p> }
                .into_any(),
        );
    }
    let shown = evidence.embedded.as_ref().map(|found| embedded(project, evidence, found, l));
    let then = format!("{}#evidence", routes::bad_case(project, case));
    let job = routes::query::<JobId>("job").map(|job| view! { <JobProgress project job then/> });
    let label = if shown.is_some() { find_again(l) } else { find(l) };
    let form = (may && job.is_none()).then(|| {
        view! {
            <PostForm action={ServerAction::<FindNearest>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="id" value=case.to_string()/>
                <button class="button button-small" type="submit" aria-describedby="find-nearest-help">{label}</button>
                <p class="help" id="find-nearest-help">{find_help(l)}</p>
            </PostForm>
        }
    });
    Some(view! { <h3>{by_embedding(l)}</h3>{shown}{job}{form} }.into_any())
}

fn embedded(project: ProjectId, evidence: &Evidence, found: &Embedded, l: Lang) -> impl IntoView + use<> {
    let mean = found.mean.map(|mean| on_average(l, three(mean)));
    let rows = table(project, evidence, &found.nearest, (cosine(l), three), l);
    view! {
        <p class="muted"><bdi>{embeddings_of(l, &found.model)}</bdi>" "{mean}" "<Time at=found.computed_at/></p>
        {rows}
    }
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

/// Training rows with how near they are, as `shown` writes it.
fn table(
    project: ProjectId,
    evidence: &Evidence,
    rows: &[NearRow],
    (head, shown): (&'static str, fn(f64) -> String),
    l: Lang,
) -> impl IntoView + use<> {
    let place = evidence.dataset_id.map(|dataset| (dataset, evidence.version_number.cast_unsigned()));
    let row = |near: &NearRow| {
        let text = gist(&near.prompt);
        let prompt = match place {
            Some((dataset, number)) => {
                let href = routes::explored_sample(project, dataset, number, near.sample_id);
                view! { <a href=href>{text}</a> }.into_any()
            }
            None => text.into_any(),
        };
        let (class, words) =
            if near.agrees { ("badge badge-good", agrees(l)) } else { ("badge badge-bad", differs(l)) };
        view! {
            <tr>
                <td class="num">{shown(near.similarity)}</td>
                <td class="prose" dir="auto">{prompt}</td>
                <td class="prose"><bdi>{gist(&near.answer)}</bdi>" "<span class=class>{words}</span></td>
            </tr>
        }
    };
    let rows = rows.iter().map(row).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr>
                    <th scope="col" class="num">{head}</th>
                    <th scope="col">{text::prompt(l)}</th>
                    <th scope="col">{answer(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// How much training has of the label and of each slice, and the model's own probability.
fn numbers(evidence: &Evidence, l: Lang) -> impl IntoView + use<> {
    let label = evidence.label.iter().map(|(label, n)| (label.clone(), *n));
    let slices = evidence.slices.iter().map(|(field, value, n)| (format!("{field} = {value}"), *n));
    let counts = label.chain(slices).map(|(name, n)| {
        view! { <div><dt dir="auto">{name}</dt><dd>{rows(l, integer(n))}</dd></div> }
    });
    let counts = counts.collect_view();
    let own = evidence.probability.map(|p| view! { <div><dt>{own_probability(l)}</dt><dd>{percent(p)}</dd></div> });
    (!counts.is_empty() || own.is_some()).then(|| {
        view! {
            <h3>{facts(l)}</h3>
            <dl class="meta">{counts}{own}</dl>
        }
    })
}
