//! Chinese names: a surname of one or two characters and a given name of one or two.
//!
//! Behind words that announce a name (我叫, 联系人：) and before a title (先生, 老师) a name may have any given name; alone it
//! must have characters that given names are made of, and no dictionary word may lie across its ends.

use super::Words;
use crate::{
    pii::{before, behind, listed},
    similar::is_han,
    words::JIEBA,
};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

/// Each with its rank.
pub(in crate::pii) static SURNAMES: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let words = listed(include_str!("../words/surnames.txt"));
    // Lines of single surnames have no space between them.
    let each = words.flat_map(|word| {
        if word.chars().count() > 2 { word.chars().map(String::from).collect() } else { vec![word.to_owned()] }
    });
    let mut ranks = HashMap::new();
    for (rank, surname) in each.enumerate() {
        ranks.entry(surname).or_insert(rank);
    }
    ranks
});
pub(in crate::pii) static GIVEN: LazyLock<HashSet<char>> =
    LazyLock::new(|| listed(include_str!("../words/given.txt")).flat_map(str::chars).collect());
static TITLES: Words = LazyLock::new(|| {
    "先生 女士 小姐 太太 老师 同学 教授 医生 大夫 护士 律师 经理 总监 主任 院长 校长 部长 局长 处长 科长 所长 书记 师傅 博士 工程师 会计 董事长 总经理 总裁 队长 \
     班长 警官 法官 检察官 记者 编辑 导演 阿姨 叔叔 大哥 大姐 奶奶 爷爷 同志 站长 店长 组长 厂长 村长 司机 客服 顾问 秘书 助理 研究员 院士 女儿 儿子"
        .split_whitespace()
        .collect()
});
static LEADS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "我叫 他叫 她叫 名叫 叫做 全名 姓名 名字 本人 联系人 收件人 寄件人 收货人 负责人 经办人 申请人 被申请人 \
     投诉人 举报人 投保人 被保险人 受益人 持卡人 户主 法人 法定代表人 代理人 委托人 当事人 嫌疑人 被告人 \
     被告 原告 证人 患者 病人 客户 顾客 用户 乘客 旅客 学生 学员 考生 家长 同学 同事 员工 职员 老板 秘书 \
     助理 经理 主任 教授 老师 医生 律师 记者 作者 编辑 导演 演员 歌手 朋友 室友 邻居 妻子 丈夫 儿子 女儿 \
     父亲 母亲 哥哥 姐姐 弟弟 妹妹 联系 尊敬的 亲爱的"
        .split_whitespace()
        .collect()
});
static NOT_NAMES: Words = LazyLock::new(|| listed(include_str!("../words/not_names.txt")).collect());
/// What may stand between such a word and the name.
const BETWEEN: [char; 11] = ['是', '为', '叫', '：', ':', ' ', '“', '「', '(', '\t', '"'];
/// Words behind a name in a sentence about a person.
static ACTS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "说 表示 认为 告诉 介绍 指出 在 是 和 与 的 将 已 于 向 从 今年 出生 毕业 负责 担任 回忆 透露 称 觉得 来 \
     去 把 被 给 也 都 就 不 没 因 因为 曾 曾经 正 正在 刚 刚刚 昨天 今天 明天 先 又 还 会 要 想 同意 提交 \
     申请 打 发 通过 对 则 获 参加 一起 一同 名下"
        .split_whitespace()
        .collect()
});
/// Of those the ones that hardly stand behind anything else.
const STRONG: &[&str] = &["说", "表示", "认为", "告诉", "介绍", "指出", "回忆", "透露", "称", "同意", "觉得"];
const BEFORES: &[&str] = &[
    "和", "与", "由", "被", "给", "向", "对", "让", "找", "跟", "同", "请", "问", "、", "把", "替", "及", "为", "我是",
    "他是", "她是",
];

/// A word of the text: its bytes, and whether the dictionary calls it a person's name.
struct Word {
    range: Range<usize>,
    is_name: bool,
}

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut rest = 0;
    while let Some(start) = text[rest..].find(is_han).map(|at| rest + at) {
        let end = text[start..].find(|c| !is_han(c)).map_or(text.len(), |at| start + at);
        run(text, start..end, found);
        rest = end;
    }
}

/// Looks for names in a run of Han characters.
fn run(text: &str, place: Range<usize>, found: &mut Vec<Range<usize>>) {
    let run = &text[place.clone()];
    if !run.chars().any(|c| SURNAMES.contains_key(c.encode_utf8(&mut [0; 4]) as &str)) || run.chars().nth(1).is_none() {
        return;
    }
    let mut at = place.start;
    let mut words = Vec::new();
    for tag in JIEBA.tag(run, false) {
        let range = at..at + tag.word.len();
        at = range.end;
        words.push(Word { range, is_name: tag.tag.starts_with("nr") });
    }
    let mut from = place.start;
    while from < place.end {
        let longest = candidates(text, from, place.end).into_iter().find(|name| is_name(text, name, &words));
        let next = text[from..].chars().next().map_or(1, char::len_utf8);
        from = match longest {
            Some(name) => {
                found.push(name.clone());
                name.end
            }
            None => from + next,
        };
    }
}

/// What may be a name from here on: the longest first.
fn candidates(text: &str, from: usize, end: usize) -> Vec<Range<usize>> {
    let ends: Vec<usize> = text[from..end].char_indices().map(|(i, c)| from + i + c.len_utf8()).take(4).collect();
    let surname = |n: usize| ends.get(n - 1).is_some_and(|end| SURNAMES.contains_key(&text[from..*end]));
    let lengths: &[usize] = match (surname(2), surname(1)) {
        (true, _) => &[4, 3],
        (false, true) => &[3, 2],
        (false, false) => &[],
    };
    lengths.iter().filter_map(|n| ends.get(n - 1)).map(|end| from..*end).collect()
}

fn is_name(text: &str, name: &Range<usize>, words: &[Word]) -> bool {
    let written = &text[name.clone()];
    let double = written.char_indices().nth(2).is_some_and(|(two, _)| SURNAMES.contains_key(&written[..two]));
    let given: Vec<char> = written.chars().skip(if double { 2 } else { 1 }).collect();
    let usual = given.iter().filter(|c| GIVEN.contains(c)).count() == given.len();
    // A word such as 高级 or 和平 is no name, unless the dictionary knows it as one.
    let exact = words.iter().find(|w| w.range == *name);
    if exact.is_some_and(|w| !w.is_name) {
        return false;
    }
    let known = exact.is_some();
    // A word of the dictionary that goes on behind the name, or has begun before it.
    let tail = words.iter().any(|w| w.range.start < name.end && w.range.end > name.end);
    let head = words.iter().any(|w| w.range.start < name.start && w.range.end > name.start);
    // A word within that is not made of given names' characters: 和|产品.
    let is_long = |w: &Word| text[w.range.clone()].chars().nth(1).is_some();
    let inner =
        words.iter().any(|w| w.range.start >= name.start && w.range.end <= name.end && is_long(w) && !w.is_name);
    let ends_here = !text[name.end..].starts_with(is_han);
    let announced = is_announced(text, name.start);
    let titled = TITLES.iter().any(|title| text[name.end..].starts_with(title));
    if (announced || titled) && (usual || !inner) {
        return !tail && (!head || announced) && (usual || titled || ends_here);
    }
    // 白天|和, 田野|里: a word that begins with the surname.
    let begun = words.iter().any(|w| w.range.start == name.start && w.range.end < name.end && is_long(w));
    // 杨树 and 花园里 are no persons, nor is a surname with a title: 李先生.
    let two = written.char_indices().nth(2).map_or(written.len(), |(at, _)| at);
    let first = written.chars().next().map_or(0, char::len_utf8);
    let thing = NOT_NAMES.contains(&written[..two]) || TITLES.contains(&written[first..]);
    if tail || head || begun || thing || !usual {
        return false;
    }
    let common = double || SURNAMES.get(&written[..first]).is_some_and(|rank| *rank < 130);
    let left = before(text, name.start, 2);
    let introduced = BEFORES.iter().any(|word| left.ends_with(word));
    let fits_left = introduced || !left.ends_with(is_han);
    let right = behind(text, name.end, 3);
    let acts = |list: &[&str]| list.iter().any(|word| right.starts_with(word));
    match given.len() {
        2 => known || (common && (fits_left || acts(&ACTS) || ends_here)),
        _ if known => fits_left || acts(&ACTS),
        _ => common && ((fits_left && (acts(&ACTS) || (introduced && ends_here))) || acts(STRONG)),
    }
}

/// Whether the words before say that a name follows.
fn is_announced(text: &str, at: usize) -> bool {
    let mut near = before(text, at, 10);
    loop {
        if LEADS.iter().any(|lead| near.ends_with(lead)) {
            return true;
        }
        match near.strip_suffix(BETWEEN) {
            Some(rest) => near = rest,
            None => return false,
        }
    }
}
