//! Chinese names in Latin letters: a surname and one or two syllables.

use std::{collections::HashSet, sync::LazyLock};

/// Those that are no English word.
const SURNAMES: &str = "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Zhu Gao Guo Luo Liang Zheng Xie Deng Feng Cao Peng Zeng Xiao Tian \
    Dong Yuan Pan Jiang Cai Du Wei Ding Xue Yao Lu Xiong Qin Jin Hou Bai Cui Kong Tan Meng Qiu Yin Xiang Shi Fu Fang Zou Hao Qian Tang Shao \
    Wan Lei Qi Gu Mao Lin Ma Hu Sun Song Han Ye Su Lv Ouyang Sima Zhuge";
const INITIALS: &[&str] = &[
    "", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s",
    "y", "w",
];
const FINALS: &str =
    "a o e ai ei ao ou an en ang eng ong i ia ie iao iu ian in iang ing iong u ua uo uai ui uan un uang ue v";

static LISTED: LazyLock<HashSet<&str>> = LazyLock::new(|| SURNAMES.split_whitespace().collect());
static SYLLABLES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let finals = FINALS.split_whitespace();
    finals.flat_map(|end| INITIALS.iter().map(move |start| format!("{start}{end}"))).collect()
});
/// Words that read as syllables.
const ENGLISH: &[&str] = &[
    "a", "an", "he", "she", "me", "we", "ye", "can", "men", "ten", "pen", "den", "fan", "pan", "man", "ran", "ban",
    "tan", "sun", "run", "gun", "fun", "bun", "song", "long", "gang", "hang", "rang", "sang", "ping", "ding", "wing",
    "king", "ring", "sing", "die", "lie", "pie", "tie", "chin", "shin", "you", "so", "do",
];

pub(super) fn is_surname(word: &str) -> bool {
    LISTED.contains(word)
}

/// One or two syllables that are no English word.
pub(super) fn is_given(word: &str) -> bool {
    let word = word.to_lowercase().replace(['-', '\''], "");
    if ENGLISH.contains(&word.as_str()) || !word.is_ascii() {
        return false;
    }
    SYLLABLES.contains(&word)
        || (1..word.len()).any(|at| SYLLABLES.contains(&word[..at]) && SYLLABLES.contains(&word[at..]))
}
