//! Texts of the lineage.

use crate::{ui::format::number, words};
use domain::{
    badcase::BadCaseStatus,
    lang::Lang,
    lineage::{Node, NodeId},
    run::RunStatus,
};

crate::texts! {
    title = "Lineage", "血缘";
    title_of(name) = "Lineage of {name}", "{name} 的血缘";
    lead = "What it came from and what it led to: files, versions, runs, evaluations, bad cases and corrected samples.", "它的来源与去向：文件、版本、训练、评估、Bad Case 与修正样本。";
    choose = "Nothing is chosen", "尚未选择";
    choose_hint = "Open the lineage from the page of a version, a run, a bad case or a sample.", "请从版本、训练、Bad Case 或样本页面打开血缘。";
    open = "Its page", "打开页面";
    cut = "Not everything is shown: a graph has at most 200 nodes, and at most 25 of a kind around one node. Open the lineage of a node nearer to what you look for.", "未显示全部内容：图中最多 200 个节点，每个节点周围同类最多 25 个。请打开离目标更近的节点的血缘。";
    graph = "Graph of what led to what, from left to right", "血缘图，从左到右";
    as_list = "As a list", "列表";
    kind_word = "Kind", "类型";
    name_word = "Name", "名称";
    state_word = "State", "状态";
    from_word = "From", "来自";
    this_lineage = "Its lineage", "查看其血缘";
    file = "File", "文件";
    version = "Version", "版本";
    run = "Run", "训练";
    evaluation = "Evaluation", "评估";
    bad_case = "Bad case", "Bad Case";
    sample = "Sample", "样本";
}

/// A kind's name.
#[must_use]
pub fn kind(l: Lang, id: &NodeId) -> &'static str {
    match id {
        NodeId::File(_) => file(l),
        NodeId::Version(_) => version(l),
        NodeId::Run(_) => run(l),
        NodeId::Evaluation(_) => evaluation(l),
        NodeId::BadCase(_) => bad_case(l),
        NodeId::Sample(_) => sample(l),
    }
}

/// What a node is called.
#[must_use]
pub fn node(l: Lang, node: &Node) -> String {
    let of_number = |sign: &str| node.number.map(|n| format!("{sign}{n}")).unwrap_or_default();
    match &node.id {
        NodeId::File(_) => node.title.clone(),
        NodeId::Version(_) => format!("{} {}", node.title, of_number("v")),
        NodeId::Run(_) | NodeId::Evaluation(_) => format!("{} {}", of_number("#"), node.title),
        // The last letters tell cases apart: ids that were made at one time begin alike.
        NodeId::BadCase(id) => {
            let id = id.to_string();
            format!("{} …{}", bad_case(l), &id[id.len() - 4..])
        }
        NodeId::Sample(id) => format!("{} {id}", sample(l)),
    }
}

/// How it stands, or what it measured; empty where there is nothing to say.
#[must_use]
pub fn detail(l: Lang, node: &Node) -> String {
    if let (Some(metric), Some(value)) = (&node.metric, node.value) {
        return format!("{metric} {}", number(value));
    }
    let Some(status) = &node.status else { return String::new() };
    let run = status.parse::<RunStatus>().ok().map(|status| words::run_status(l, status));
    let case = status.parse::<BadCaseStatus>().ok().map(|status| words::bad_case_status(l, status));
    match node.id {
        NodeId::BadCase(_) => case,
        _ => run,
    }
    .unwrap_or_default()
    .to_owned()
}
