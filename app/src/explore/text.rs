//! Texts of exploring a version.

use domain::{
    explore::{Field, LookedBy, Script, Sort},
    lang::Lang,
    score::PerplexityRange,
};

crate::texts! {
    title(name, number) = "Explore {name}, version {number}", "浏览 {name}，版本 {number}";
    lead = "Search, filter and count all samples of this version.", "搜索、筛选并统计该版本的全部样本。";
    to_version = "The version", "返回版本";
    building = "The index for exploring is being built", "正在构建浏览索引";
    building_help = "This happens once for each version and takes a second for thousands of samples, a few minutes for a million. Until then the version's page lists and searches the samples, more slowly.", "每个版本只需构建一次：数千个样本约需一秒，百万样本约需数分钟。在此之前可在版本页面列出并搜索样本，速度较慢。";
    build_again = "Build the index again", "重新构建索引";
    search = "Search", "搜索";
    search_help = "Words that must all occur. “\"two words\"” finds them side by side, “begin*” what begins so, “-word” leaves out. Chinese is found by whole words.", "列出须全部出现的词。用英文双引号查找连续的短语，“开头*”查找以此开头的词，“-词”表示排除。中文按分词后的词查找。";
    sort_by = "Order", "排序";
    descending = "Largest first", "降序";
    apply = "Search", "搜索";
    clear = "Clear all", "全部清除";
    found(total) = "{total} samples", "{total} 个样本";
    found_at_least(total) = "At least {total} samples: the phrase was looked for in the first 16,000 that have its words.", "至少 {total} 个样本：仅在含有这些词的前 16,000 个样本中查找了该短语。";
    edit_these = "Edit all of this search", "编辑本次搜索的全部样本";
    tick(number) = "Choose no. {number}", "选择第 {number} 条";
    ticked(count) = "{count} ticked", "已勾选 {count} 条";
    edit_ticked = "Edit the ticked", "编辑勾选的样本";
    untick = "Untick all", "取消全部勾选";
    ticks_help = "Tick lines to edit just these; with Shift, all lines up to the one ticked before.", "勾选样本行即可只编辑这些样本；按住 Shift 可勾选到上次勾选处之间的所有行。";
    range_cut(most) = "A range has at most {most} lines: those nearest to this one were taken.", "一次最多 {most} 行：已取离此行最近的部分。";
    range_failed = "Not all lines of the range came, so nothing was changed. Try again.", "未能取得该范围的全部行，因此未作更改。请重试。";
    too_many_ticks(count) = "{count} ticked. No more fit: narrow the search and edit all that it finds.", "已勾选 {count} 条，无法再增加：请缩小搜索范围，然后编辑其全部结果。";
    nothing = "No sample matches", "没有符合条件的样本";
    nothing_hint = "Remove a filter or search for fewer words.", "请移除部分筛选条件或减少搜索词。";
    position = "No.", "序号";
    label = "Label", "标签";
    split = "Split", "划分";
    text = "Text", "文本";
    tags = "Tags", "标记";
    remove_filter(what) = "Remove the filter {what}", "移除筛选条件 {what}";
    filters = "Filters", "筛选";
    more_values = "More", "更多";
    samples = "Samples", "样本";
    go_to = "Go to", "跳至第";
    window_keys = "Keys: ↑ ↓ or j k, PgUp PgDn, Home End, Enter opens", "按键：↑ ↓ 或 j k，PgUp PgDn，Home End，Enter 打开";
    window_ticks = "Space ticks a line, with Shift all up to it", "空格勾选一行，按住 Shift 勾选到该行";
    pages = "Pages", "分页";
    first = "First page", "第一页";
    previous = "Previous page", "上一页";
    next = "Next page", "下一页";
    last = "Last page", "最后一页";
    place_of(from, to, total) = "{from}–{to} of {total}", "第 {from}–{to} 条，共 {total} 条";
    yes = "yes", "是";
    characters(from, to) = "{from}–{to} characters", "{from}–{to} 个字符";
    han = "Chinese", "中文";
    latin = "Latin", "拉丁字母";
    mixed = "Chinese and Latin", "中文与拉丁字母";
    other_script = "other", "其他";
    by_position = "as in the source", "按来源顺序";
    by_length = "by length", "按长度";
    by_label = "by label", "按标签";
    by_perplexity = "by perplexity", "按困惑度";
    scoring = "Scored by", "评分模型";
    scoring_help = "The model whose perplexities are counted, filtered and ordered by: how surprised it is by the answer, 1 being not at all.", "统计、筛选与排序所用困惑度来自该模型：数值表示模型对回答的意外程度，1 表示毫不意外。";
    perplexity_from = "Perplexity from", "困惑度不低于";
    perplexity_below = "Perplexity below", "困惑度低于";
    perplexity_help = "Empty for no bound. Samples without a score are in no range.", "留空表示不限。没有评分的样本不属于任何范围。";
    from_to(from, to) = "{from} to below {to}", "{from} 至 {to}（不含）";
    from_on(from) = "{from} or more", "{from} 及以上";
    below(to) = "below {to}", "低于 {to}";
    scores = "Scores", "评分";
    scores_help = "Perplexity of the answer and of the whole text: how surprised the model is, 1 being not at all.", "回答与全文的困惑度：模型的意外程度，1 表示毫不意外。";
    model = "Model", "模型";
    of_answer = "Answer", "回答";
    of_all = "All", "全文";
    field_split = "Split", "划分";
    field_label = "Label", "标签";
    field_length = "Length", "长度";
    field_script = "Script", "文字";
    field_turns = "Turns", "轮次";
    field_system = "Has a system message", "含系统消息";
    field_file = "Source file", "来源文件";
    field_corrected = "Corrected", "已修正";
    field_duplicate = "Exact duplicate", "完全重复";
    field_pair = "Preference pair", "偏好对";
    field_tag = "Tag", "标记";
    field_perplexity = "Perplexity", "困惑度";
    perplexity_by(model) = "Perplexity by {model}", "困惑度（{model}）";
    model_gone = "scores that are gone", "评分已不存在";

    sealed_title(count) = "{count} matching samples are in the sealed test split", "{count} 个匹配样本位于封存的测试集";
    sealed_help = "Whoever knows the test samples will, without meaning to, choose data and settings for them. So only evaluation reads them. You may look; it is counted and kept with your name, and opens them to you for an hour.", "了解测试样本的人会不自觉地据此选择数据与设置，因此只有评估会读取它们。您可以查看，但会被计数并记录姓名，查看权限保留一小时。";
    look = "Look at the test split (goes on record)", "查看测试集（将被记录）";
    looking = "You are looking at the test split. This look is on record.", "您正在查看测试集，此次查看已记录。";
    sealed_sample = "This sample is in the sealed test split", "该样本位于封存的测试集";
    looks(count, people) = "Looked at {count} times by {people} people", "共被查看 {count} 次，涉及 {people} 人";
    looks_none = "Nobody has looked at the test split", "尚无人查看测试集";
    when = "When", "时间";
    who = "Who", "人员";
    how = "How", "方式";
    by_page = "on a page", "页面";
    by_api = "by the REST API", "REST API";
    by_download = "as a download", "下载";
    gone = "an account that is gone", "已删除的账号";
    download_test = "Download the test split (goes on record)", "下载测试集（将被记录）";

    sample_title(number) = "Sample {number}", "样本 {number}";
    to_list = "Back to the list", "返回列表";
    lineage = "Lineage", "血缘";
    origin = "Origin and history", "来源与历史";
    from_line(file, line) = "{file}, line {line}", "{file} 第 {line} 行";
    source = "Source", "来源";
    bad_case = "Bad case", "Bad Case";
    open = "open", "查看";
    corrects = "Corrects", "修正自";
    corrected_by = "Corrected by", "被修正为";
    in_versions = "In versions", "所在版本";
    add_tag = "Add tag", "添加标记";
    tag = "Tag", "标记";
    tag_help = "Up to 60 characters. The sample has it in every version.", "最多 60 个字符，样本在所有版本中均带有该标记。";
    bad_tag = "Use one line of 1 to 60 characters.", "请输入 1 到 60 个字符的单行文本。";
    remove_tag(tag) = "Remove the tag {tag}", "移除标记 {tag}";
    no_tags = "No tags yet.", "尚无标记。";
    length = "Length in characters", "字符数";
}

/// A field's name.
pub fn field(l: Lang, field: &Field) -> String {
    match field {
        Field::Split => field_split(l),
        Field::Label => field_label(l),
        Field::Length => field_length(l),
        Field::Script => field_script(l),
        Field::Turns => field_turns(l),
        Field::System => field_system(l),
        Field::File => field_file(l),
        Field::Corrected => field_corrected(l),
        Field::Duplicate => field_duplicate(l),
        Field::Pair => field_pair(l),
        Field::Tag => field_tag(l),
        Field::Perplexity(_) => field_perplexity(l),
        Field::Slice(name) => return name.clone(),
    }
    .to_owned()
}

/// A value of a field as a reader says it.
pub fn value(l: Lang, field: &Field, value: &str) -> String {
    let known = match field {
        Field::Split => value.parse().ok().map(|split| crate::words::split(l, split).to_owned()),
        Field::Length => value.parse::<u64>().ok().map(|from| characters(l, from, (from * 2).max(16) - 1)),
        Field::Perplexity(_) => PerplexityRange::parse(value).map(|range| perplexities(l, range)),
        Field::Script => Script::ALL.into_iter().find(|s| s.as_str() == value).map(|s| script(l, s).to_owned()),
        Field::System | Field::Corrected | Field::Duplicate | Field::Pair => Some(yes(l).to_owned()),
        Field::Label | Field::Turns | Field::File | Field::Tag | Field::Slice(_) => None,
    };
    known.unwrap_or_else(|| value.to_owned())
}

fn perplexities(l: Lang, range: PerplexityRange) -> String {
    match (range.low > 0.0, range.high.is_finite()) {
        (true, true) => from_to(l, range.low, range.high),
        (true, false) => from_on(l, range.low),
        (false, _) => below(l, range.high),
    }
}

fn script(l: Lang, script: Script) -> &'static str {
    match script {
        Script::Han => han(l),
        Script::Latin => latin(l),
        Script::Mixed => mixed(l),
        Script::Other => other_script(l),
    }
}

pub fn sort(l: Lang, sort: Sort) -> &'static str {
    match sort {
        Sort::Position => by_position(l),
        Sort::Length => by_length(l),
        Sort::Label => by_label(l),
        Sort::Perplexity => by_perplexity(l),
    }
}

pub fn looked_by(l: Lang, how: LookedBy) -> &'static str {
    match how {
        LookedBy::Page => by_page(l),
        LookedBy::Api => by_api(l),
        LookedBy::Download => by_download(l),
    }
}
