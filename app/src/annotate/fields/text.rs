//! Texts of the questions' fields.

crate::texts! {
    cannot_judge = "Cannot be judged", "无法判断";
    comment = "Comment", "备注";
    comment_help = "Why it cannot be judged, or what others should know of it.", "说明无法判断的原因，或其他人需要了解的信息。";
    optional = "optional", "可选";
    suggested(model) = "Suggested by {model}", "由 {model} 建议";
    sure(share) = " · {share} sure", " · 置信度 {share}";
    no_answer = "No answer", "不作答";
    filter = "Filter", "筛选";
    filter_help = "Shows the places whose names hold this.", "仅显示名称包含此内容的位置。";
    between(min, max) = "Choose {min} to {max}.", "请选择 {min} 至 {max} 项。";
    at_most_chars(max) = "At most {max} characters.", "最多 {max} 个字符。";
    number_between(min, max) = "A number from {min} to {max}.", "请输入 {min} 至 {max} 的数字。";
    better(letter) = "{letter} is better", "{letter} 更好";
    tie = "Tie", "不相上下";
    place_of(letter) = "Place of answer {letter}", "回答 {letter} 的名次";
    answer_of(letter) = "Answer {letter}", "回答 {letter}";
    up = "Up", "上移";
    down = "Down", "下移";
    rank_help = "1 is the best. By keyboard: press the numbers of the answers, the best first.", "1 为最佳。使用键盘时，从最佳开始依次按各回答的数字键。";
    turn(place) = "Turn {place}", "第 {place} 轮";

    text_to_mark = "Text to mark. Move with the arrow keys, pick with Shift and the arrow keys, then press the key of a label.",
        "待标记文本。用方向键移动，按住 Shift 选取，再按标签的快捷键。";
    marked = "Marked", "已标记";
    mark_help = "Select text by mouse, by finger, or with Shift and the arrow keys, then choose a label. Delete takes a mark away.",
        "用鼠标、手指或 Shift+方向键选取文本，然后选择标签。按 Delete 删除标记。";
    lines = "Spans", "片段";
    lines_help = "One a line: first character – character behind the last, counted from 0, and the label, as in “3-8 person”. A relation from the first span to the second: “1>2 works for”.",
        "每行一个：起始字符-结束字符的下一个（从 0 计）和标签，例如“3-8 person”。第一个片段到第二个片段的关系：“1>2 works for”。";
    labels_are(labels) = "Labels: {labels}", "标签：{labels}";
    relations = "Relations", "关系";
    relation_from = "From", "从";
    relation_to = "To", "到";
    relation_label = "Relation", "关系";
    relate = "Add relation", "添加关系";
    remove = "Remove", "删除";
    no_overlap = "Spans of this question must not overlap.", "此问题的片段不能重叠。";
    pick_first = "Select some text first.", "请先选取文本。";
}
