//! Texts of reports and digests.

use domain::{
    lang::Lang,
    report::{
        BlockKind, BodyProblem, MAX_BLOCKS, MAX_TEXT_CHARS, MAX_TITLE_CHARS, Status,
        view::{SignatureState, Verb},
    },
    statistics::verdict::Verdict,
};

crate::texts! {
    title = "Reports", "报告";
    lead = "What runs came to, for whoever decides: evidence with your words around it, submitted, approved and signed.",
        "面向决策者的训练结论：以证据为主、配以文字说明，经提交、审批并签名。";
    new_report = "New report", "新建报告";
    digests = "Weekly digests", "每周摘要";
    none_title = "No reports yet", "暂无报告";
    none_hint = "A report gathers data, method, results, bad cases, cost and risks of one or several runs.",
        "报告汇集一个或多个训练运行的数据、方法、结果、Bad Case、成本与风险。";
    name_label = "Title", "标题";
    status_label = "Status", "状态";
    runs_label = "Runs", "训练运行";
    version_label = "Version", "版本";
    language_label = "Language", "语言";
    updated_label = "Changed", "更新时间";
    by_label = "By", "创建人";

    new_title = "New report", "新建报告";
    new_lead = "Choose what it is about. Everything else can be changed while it is a draft.", "选择报告涉及的训练运行，其余内容在草稿阶段均可修改。";
    title_help(n) = "Up to {n} characters.", "最多 {n} 个字符。";
    language_help = "Of the whole report, its file and its PDF.", "整份报告及其导出文件、PDF 所用的语言。";
    choose_runs(n) = "Runs (at most {n})", "训练运行（最多 {n} 个）";
    no_runs_title = "No runs yet", "暂无训练运行";
    no_runs_hint = "Launch a run first: a report tells what runs came to.", "请先启动训练运行，报告用于说明运行结果。";
    runs_problem(n) = "Choose 1 to {n} runs.", "请选择 1 至 {n} 个训练运行。";
    create = "Create report", "创建报告";

    report_of(number, version) = "Report {number}, version {version}", "报告 {number}，第 {version} 版";
    draft_lead = "A draft shows what is known now. Submitting keeps it as it is.", "草稿显示当前的事实，提交后内容将固定不变。";
    frozen_lead = "As it was when it was submitted, whatever has happened since.", "内容为提交时的状态，此后的变化不影响本报告。";
    save = "Save", "保存";
    save_submit = "Save and submit", "保存并提交";
    saved = "Saved.", "已保存。";
    block_text = "Your words", "文字说明";
    block_text_help = "Markdown: headings, lists, emphasis, links. It stands below what the block shows.", "支持 Markdown：标题、列表、强调与链接，显示在该内容块下方。";
    text_block_help = "Markdown: headings, lists, emphasis, links.", "支持 Markdown：标题、列表、强调与链接。";
    up = "Move up", "上移";
    down = "Move down", "下移";
    remove = "Remove block", "移除内容块";
    add_here = "Add a block here", "在此处添加内容块";
    add = "Add", "添加";
    html_file = "HTML file", "HTML 文件";
    pdf_file = "PDF", "PDF";
    versions = "Versions", "版本";
    differences = "What changed", "查看变更";
    record = "Record", "操作记录";
    all_reports = "All reports", "全部报告";

    decide = "Decision", "审批";
    decide_lead = "Approving signs this very content: your name, the time and its SHA-256 are kept with it.",
        "审批将对当前内容签名，并记录您的姓名、时间与内容的 SHA-256。";
    alone = "You have written on this report. Nobody else may approve it, so you can; the record will say so.",
        "您参与撰写了此报告。由于没有其他可审批人，您可以自行审批，操作记录会注明这一点。";
    own_work = "You have written on this report: an owner or manager who has not approves it.", "您参与撰写了此报告，须由未参与撰写的所有者或管理者审批。";
    password = "Your password", "您的密码";
    password_help = "Asked again, since this is a signature.", "签名需再次验证密码。";
    wrong_password = "This is not your password.", "密码不正确。";
    approve = "Approve and sign", "批准并签名";
    return_it = "Return", "退回";
    reason = "Reason", "原因";
    reason_help = "What must change before it can be approved.", "说明批准前需要修改的内容。";
    reason_problem(n) = "Say why, in at most {n} characters.", "请说明原因，最多 {n} 个字符。";
    next_version = "Begin the next version", "开始下一版本";
    next_version_lead = "With the same blocks and words, and with what is known then.", "沿用现有内容块与文字，事实按届时情况更新。";
    waits = "Waits for a decision by an owner or a manager.", "等待所有者或管理者审批。";

    signed_by(name, at) = "Approved and signed by {name}, {at}", "由 {name} 于 {at} 批准并签名";
    sha256_of(hash) = "SHA-256 of the content: {hash}", "内容 SHA-256：{hash}";
    matches = "The content matches the signature.", "内容与签名一致。";
    differs = "The content does not match the signature: it was changed after it was signed.", "内容与签名不一致：签名后被改动。";
    erased(at) = "Personal texts were erased from the content on {at}; the signature is of what it said before.", "内容中的个人信息已于 {at} 抹除，签名对应抹除前的内容。";
    submitted_by(name, at) = "Submitted by {name}, {at}", "由 {name} 于 {at} 提交";
    returned_by(name, at) = "Returned by {name}, {at}", "由 {name} 于 {at} 退回";
    draft_of(at) = "Draft, with what is known at {at}", "草稿，事实截至 {at}";
    gone_person = "a former member", "已离开的成员";

    diff_title(from, to) = "Version {from} to version {to}", "第 {from} 版与第 {to} 版对比";
    diff_lead = "Lines that went are marked −, lines that came +.", "“−”表示删除的行，“+”表示新增的行。";
    diff_none = "Nothing differs.", "没有差异。";
    diff_from = "From version", "起始版本";
    diff_to = "To version", "目标版本";
    diff_show = "Show", "显示";

    digests_title = "Weekly digests", "每周摘要";
    digests_lead = "What each week brought. A digest is made once its week is over (Monday, UTC).", "每周动态汇总，于该周结束后（UTC 周一）自动生成。";
    digest_of(year, week) = "Week {week} of {year}", "{year} 年第 {week} 周";
    digest_span(from, to) = "{from} to {to}, UTC", "{from} 至 {to}（UTC）";
    so_far = "So far", "进行中";
    no_digests = "No week is over yet.", "尚无已结束的周。";
    older = "Older", "更早";
    json = "JSON", "JSON";
    digest_runs = "Runs that ended", "已结束的训练运行";
    digest_no_runs = "No run ended.", "没有结束的训练运行。";
    succeeded(n) = "{n} succeeded", "{n} 个成功";
    failed(n) = "{n} failed", "{n} 个失败";
    cancelled(n) = "{n} cancelled", "{n} 个取消";
    digest_best = "Best results", "最佳结果";
    digest_no_best = "Nothing was tested.", "没有完成的测试。";
    dataset = "Dataset", "数据集";
    run = "Run", "训练运行";
    metric = "Metric", "指标";
    this_week = "This week", "本周";
    before = "Best before", "此前最佳";
    gain = "Gain", "提升";
    digest_cases = "New bad cases by cause", "新增 Bad Case（按原因）";
    digest_no_cases = "No new bad cases.", "没有新增 Bad Case。";
    cause = "Cause", "原因";
    cases = "Cases", "数量";
    no_cause = "not judged yet", "尚未判断";
    digest_regressions = "Regressions", "回归";
    digest_no_regressions = "No sample of the regression set came back.", "回归集中没有样本再次出错。";
    regressions_are(n) = "{n} cases that an earlier run had passed failed again.", "{n} 条曾通过的样本再次出错。";
    bad_case = "Bad case", "Bad Case";
    digest_annotation = "Annotation", "标注";
    judgements_are(n, people, before) = "{n} judgements by {people} people; {before} the week before.", "{people} 人完成 {n} 条标注，上周为 {before} 条。";
    digest_no_annotation = "Nothing was judged.", "没有新标注。";
    agreement = "Agreement", "一致性";
    task = "Task", "任务";
    question = "Question", "问题";
    digest_waiting = "Reports that wait for approval", "待审批的报告";
    digest_none_waiting = "None waits.", "没有待审批的报告。";
    since = "Since", "提交时间";

    block_text_name = "Text", "文本";
    block_question = "Question", "问题";
    block_data = "Data", "数据";
    block_method = "Method", "方法";
    block_results = "Results", "结果";
    block_loss_curve = "Loss", "损失曲线";
    block_slices = "Slices", "分组表现";
    block_confusion = "Confusion", "混淆矩阵";
    block_bad_cases = "Bad cases", "Bad Case";
    block_cost = "Cost", "成本";
    block_risks = "Risks", "风险";
    block_recommendation = "Recommendation", "建议";

    status_draft = "Draft", "草稿";
    status_submitted = "Submitted", "待审批";
    status_approved = "Approved", "已批准";
    status_returned = "Returned", "已退回";

    verb_created = "began the report", "创建了报告";
    verb_edited = "edited the report", "编辑了报告";
    verb_submitted = "submitted", "提交了审批";
    verb_returned = "returned it", "退回了报告";
    verb_approved = "approved and signed", "批准并签名";
    verb_approved_alone = "approved and signed their own work, since nobody else may", "批准并签名（本人撰写；无其他可审批人）";
    verb_continued = "began the version", "开始了新版本";

    better = "better", "更好";
    worse = "worse", "更差";
    no_evidence = "no evidence", "证据不足";

    title_problem(n) = "The title must have 1 to {n} characters.", "标题应为 1 至 {n} 个字符。";
    blocks_problem(n) = "A report has at most {n} blocks.", "报告最多包含 {n} 个内容块。";
    text_problem(n) = "The text has more than {n} characters.", "文本超过 {n} 个字符。";
}

/// A kind of block.
#[must_use]
pub fn block(l: Lang, kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Text => block_text_name(l),
        BlockKind::Question => block_question(l),
        BlockKind::Data => block_data(l),
        BlockKind::Method => block_method(l),
        BlockKind::Results => block_results(l),
        BlockKind::LossCurve => block_loss_curve(l),
        BlockKind::Slices => block_slices(l),
        BlockKind::Confusion => block_confusion(l),
        BlockKind::BadCases => block_bad_cases(l),
        BlockKind::Cost => block_cost(l),
        BlockKind::Risks => block_risks(l),
        BlockKind::Recommendation => block_recommendation(l),
    }
}

/// A status, and the class of its badge.
#[must_use]
pub fn status(l: Lang, status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Draft => (status_draft(l), "badge badge-quiet"),
        Status::Submitted => (status_submitted(l), "badge badge-busy"),
        Status::Approved => (status_approved(l), "badge badge-good"),
        Status::Returned => (status_returned(l), "badge badge-warn"),
    }
}

/// What was done to a report.
#[must_use]
pub fn verb(l: Lang, verb: Verb) -> &'static str {
    match verb {
        Verb::Created => verb_created(l),
        Verb::Edited => verb_edited(l),
        Verb::Submitted => verb_submitted(l),
        Verb::Returned => verb_returned(l),
        Verb::Approved => verb_approved(l),
        Verb::ApprovedAlone => verb_approved_alone(l),
        Verb::Continued => verb_continued(l),
    }
}

/// What may be said of a difference.
#[must_use]
pub fn verdict(l: Lang, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => better(l),
        Verdict::Worse => worse(l),
        Verdict::NoEvidence => no_evidence(l),
    }
}

/// Whether the content is what was signed.
#[must_use]
pub fn signature_state(l: Lang, state: SignatureState) -> String {
    match state {
        SignatureState::Matches => matches(l).to_owned(),
        SignatureState::Differs => differs(l).to_owned(),
        SignatureState::Erased { at } => erased(l, super::compose::time(at)),
    }
}

/// Why a body cannot be kept.
#[must_use]
pub fn problem(l: Lang, problem: BodyProblem) -> String {
    match problem {
        BodyProblem::Title => title_problem(l, MAX_TITLE_CHARS),
        BodyProblem::TooManyBlocks | BodyProblem::SameKey => blocks_problem(l, MAX_BLOCKS),
        BodyProblem::Text { .. } => text_problem(l, MAX_TEXT_CHARS),
    }
}
