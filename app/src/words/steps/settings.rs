//! The settings of steps: names, choices, help.

use domain::lang::Lang;

crate::texts! {
    within = "Look at", "范围";
    form = "Form", "形式";
    letters = "Narrow letters and digits", "字母数字转半角";
    punctuation = "Widen punctuation in Chinese", "中文标点转全角";
    control = "Control characters", "控制字符";
    invisible = "Invisible characters", "不可见字符";
    space = "Space", "空白";
    mode = "What to do", "处理方式";
    truncated = "Also cut-off answers", "包括被截断的回答";
    unit = "Counted in", "计量单位";
    least = "At least", "最少";
    most = "At most", "最多";
    languages = "Languages that stay", "保留的语言";
    languages_help = "With commas between them: zh, ja, ko, en, de, fr, es, pt, it, vi, id, ru, uk, ar, fa, hi, th, he, el; other (a script that none of these is written in), mixed (several in one text), none (no letters). en is English alone. A recipe from when it stood for any text in letters gives another version today: name the other languages, too, to keep them.", "以逗号分隔：zh、ja、ko、en、de、fr、es、pt、it、vi、id、ru、uk、ar、fa、hi、th、he、el；other（以上语言都不使用的文字）、mixed（多种语言混合）、none（无文字）。en 仅指英语。早先的配方中 en 表示任何字母文字，现在重新执行会得到不同的版本：如需保留其他语言，请一并写出。";
    ngram = "Words in a row", "连续词数";
    share = "Repeated share of the text", "重复文本的比例";
    lines = "Repeated share of the lines", "重复行的比例";
    normalise = "Ignore case, spacing, punctuation", "忽略大小写、空白和标点";
    keep = "Which one stays", "保留哪一个";
    order = "Stays rather", "优先保留";
    threshold = "Similarity from which on two are copies", "视为重复的相似度";
    pieces = "Compare by runs of", "比较片段的单位";
    size = "Characters or words in a run", "片段长度（字符或词）";
    han_size = "The same in Chinese text", "中文片段长度";
    same_label = "Only among equal labels", "仅比较标签相同的样本";
    majority = "Keep the majority's label", "保留多数标签";
    ratio = "Most samples for one of the rarest label", "与最少标签的最大比例";
    repeat = "Repeat rare ones instead", "改为重复稀有样本";
    seed = "Seed", "随机种子";

    of = "Perplexity of", "困惑度的范围";
    highest = "Percent of the least likely that go", "移除最不可能样本的百分比";
    lowest = "Percent of the most likely that go", "移除最可能样本的百分比";
    above = "Perplexity above which it goes (0: no bound)", "高于此困惑度则移除（0 表示不限）";
    below = "Perplexity below which it goes (0: no bound)", "低于此困惑度则移除（0 表示不限）";
    held_out = "Validation and test too", "包括验证集和测试集";
    neighbours = "Nearest neighbours", "最近邻数量";
    percent = "Percent of the farthest that go", "移除最远样本的百分比";
    drawn = "Samples compared with, at most", "用于比较的样本数上限";
    method = "Method", "方法";
    folds = "Folds", "折数";
    similarity = "Similarity of nearly the same texts", "视为几乎相同的相似度";

    action = "What to do", "处理方式";
    email = "E-mail addresses", "邮箱地址";
    phone = "Phone numbers", "电话号码";
    phone_help = "Of China, the United States and Britain, and of other countries with +. Service numbers such as 400 stay.", "中国、美国、英国号码，以及带 + 的其他国家号码。400 等服务电话保留。";
    id_card = "Chinese identity cards", "中国居民身份证";
    ssn = "US social security numbers", "美国社会安全号";
    bank_card = "Bank cards", "银行卡号";
    ip = "IP addresses", "IP 地址";
    ip_help = "Not loopback addresses and masks, nor numbers of versions.", "不含回环地址、掩码和版本号。";
    secret = "Keys, tokens, passwords", "密钥、令牌、密码";
    address = "Postal addresses", "邮寄地址";
    address_help = "Down to the house: a city alone is none.", "须具体到门牌；仅有城市不算。";
    name = "Names of persons", "人名";
    name_help = "By dictionaries of Chinese and English names. Rare names without a title or the like beside them are missed.", "依据中英文姓名词典。没有称谓等上下文的罕见姓名会遗漏。";
    salt = "Salt", "盐值";
    salt_help = "One value has one hash, or one replacement, under one salt. The recipe stays with the version, and who reads it can test guesses.", "同一盐值下，同一信息对应同一哈希或替换值。配方随版本保存，能读取者可据此验证猜测。";

    links = "Keep addresses of links", "保留链接地址";
    entities = "Decode entities", "解码实体";
    remove_lost = "Remove samples with lost characters", "移除有丢失字符的样本";
    script = "Write as", "转换为";
    synonyms = "Synonyms", "同义词";
    synonyms_help = "Words become others of the same meaning: small lists of our own in English and Chinese, and yours below.", "将词替换为同义词：内置小型中英文词表，以及下方自定义词条。";
    typos = "Typos", "错别字";
    typos_help = "Slips of the keyboard; in Chinese, characters that sound or look alike.", "键盘误击；中文为音近或形近字。";
    noise = "Case, space, punctuation", "大小写、空格、标点";
    swap = "Swapped groups", "群体互换";
    swap_help = "He and she, 他 and 她, father and mother, a few names: shows whether answers depend on whom a text speaks of.", "he/she、他/她、父亲/母亲及若干姓名互换：检验回答是否取决于所涉人群。";
    share_copied = "Share of training samples copied", "复制的训练样本比例";
    copies = "Copies of each at most", "每个样本的最多副本数";
    strength = "Share of words changed", "改动词的比例";
    shortest = "Length of a copy, at least", "副本长度下限";
    shortest_help = "As a multiple of the original's length; other copies are left out.", "相对原文长度的倍数；超出范围的副本会被舍弃。";
    longest = "Length of a copy, at most", "副本长度上限";
    own_synonyms = "Your synonyms", "自定义同义词";
    own_synonyms_help = "One word a line: refund = reimbursement | money back. They come instead of ours for that word.", "每行一个词：工单 = 服务单 | 工作单。对该词取代内置词条。";
    own_pairs = "Your pairs to swap", "自定义互换词对";
    own_pairs_help = "One pair a line: nurse = engineer.", "每行一对：护士 = 工程师。";
    templates = "Templates", "模板";
    templates_help = "One a line, with {text} for the last user turn. {greeting} is one of the alternatives of a line greeting = Hi | Hello. Any template turns this method on.", "每行一个，{text} 代表最后一轮用户输入。{greeting} 取自“greeting = 您好 | 你好”一行中的任一项。填写模板即启用此方法。";
    negated_labels = "Labels of the opposite", "否定后的标签";
    negated_labels_help = "One a line: positive = negative. A “not” (不) is added to or taken from the text, which gets the label on the right; other labels are left out. Any line turns this method on. These copies have a slice “check”: look at their labels.", "每行一个：正面 = 负面。在文本中加入或去掉否定词，副本使用右侧的标签；未列出的标签不处理。填写即启用此方法。此类副本带有切片 check，请核对其标签。";

    w_prompt = "prompts", "提示";
    w_answer = "answers", "回答";
    w_both = "prompts and answers", "提示与回答";
    w_characters = "characters", "字符";
    w_words = "words (a Han character is one)", "词（每个汉字计一个）";
    w_turns = "turns", "轮次";
    w_nfc = "NFC: looks the same", "NFC：外观不变";
    w_nfkc = "NFKC: compatible forms too", "NFKC：包括兼容形式";
    w_remove = "remove", "移除";
    w_repair = "repair where possible, else remove", "尽量修复，否则移除";
    w_answer_tokens = "the answer", "回答";
    w_all_tokens = "the whole sample", "整个样本";
    w_confident = "confident learning", "置信学习";
    w_neighbours = "nearly the same texts", "几乎相同的文本";
    w_first = "the first", "第一个";
    w_last = "the last", "最后一个";
    w_longest = "the one with the longest answer", "回答最长的";
    w_held_out = "the test sample", "测试样本";
    w_simplified = "simplified", "简体";
    w_traditional = "traditional", "繁体";
    w_taiwan = "traditional, with the words of Taiwan", "繁体（台湾用词）";
    w_hong_kong = "traditional, as in Hong Kong", "繁体（香港）";
    w_mask = "mask: [EMAIL]", "遮盖：[EMAIL]";
    w_hash = "hash: [EMAIL:3f2a…]", "哈希：[EMAIL:3f2a…]";
    w_replace = "replace by invented values", "替换为虚构值";
    w_remove_sample = "remove the sample", "移除样本";
    w_train = "the training sample", "训练样本";
}

/// A setting of a step.
#[must_use]
pub fn setting_name(l: Lang, setting: &str) -> &'static str {
    match setting {
        "within" => within(l),
        "form" => form(l),
        "letters" => letters(l),
        "punctuation" => punctuation(l),
        "control" => control(l),
        "invisible" => invisible(l),
        "space" => space(l),
        "mode" => mode(l),
        "truncated" => truncated(l),
        "unit" => unit(l),
        "least" => least(l),
        "most" => most(l),
        "languages" => languages(l),
        "ngram" => ngram(l),
        "share" => share(l),
        "lines" => lines(l),
        "normalise" => normalise(l),
        "keep" => keep(l),
        "order" => order(l),
        "threshold" => threshold(l),
        "pieces" => pieces(l),
        "size" => size(l),
        "han_size" => han_size(l),
        "same_label" => same_label(l),
        "action" => action(l),
        "email" => email(l),
        "phone" => phone(l),
        "id_card" => id_card(l),
        "ssn" => ssn(l),
        "bank_card" => bank_card(l),
        "ip" => ip(l),
        "secret" => secret(l),
        "address" => address(l),
        "name" => name(l),
        "salt" => salt(l),
        "links" => links(l),
        "entities" => entities(l),
        "remove_lost" => remove_lost(l),
        "script" => script(l),
        "synonyms" => synonyms(l),
        "typos" => typos(l),
        "noise" => noise(l),
        "swap" => swap(l),
        "share_copied" => share_copied(l),
        "copies" => copies(l),
        "strength" => strength(l),
        "shortest" => shortest(l),
        "longest" => longest(l),
        "own_synonyms" => own_synonyms(l),
        "own_pairs" => own_pairs(l),
        "negated_labels" => negated_labels(l),
        "templates" => templates(l),
        "majority" => majority(l),
        "ratio" => ratio(l),
        "repeat" => repeat(l),
        "of" => of(l),
        "highest" => highest(l),
        "lowest" => lowest(l),
        "above" => above(l),
        "below" => below(l),
        "held_out" => held_out(l),
        "neighbours" => neighbours(l),
        "percent" => percent(l),
        "sample" => drawn(l),
        "method" => method(l),
        "folds" => folds(l),
        "similarity" => similarity(l),
        "seed" => seed(l),
        _ => "",
    }
}

/// The choices of a setting that is a word: each with its name; empty for other settings.
#[must_use]
pub fn setting_choices(l: Lang, setting: &str) -> Vec<(&'static str, &'static str)> {
    match setting {
        "within" => vec![("both", w_both(l)), ("prompt", w_prompt(l)), ("answer", w_answer(l))],
        "form" => vec![("nfc", w_nfc(l)), ("nfkc", w_nfkc(l))],
        "mode" => vec![("repair", w_repair(l)), ("remove", w_remove(l))],
        "unit" => vec![("characters", w_characters(l)), ("words", w_words(l)), ("turns", w_turns(l))],
        "keep" => vec![("first", w_first(l)), ("last", w_last(l)), ("longest", w_longest(l))],
        "script" => vec![
            ("simplified", w_simplified(l)),
            ("traditional", w_traditional(l)),
            ("taiwan", w_taiwan(l)),
            ("hong_kong", w_hong_kong(l)),
        ],
        "action" => {
            vec![("mask", w_mask(l)), ("hash", w_hash(l)), ("replace", w_replace(l)), ("remove", w_remove_sample(l))]
        }
        "pieces" => vec![("characters", w_characters(l)), ("words", w_words(l))],
        "of" => vec![("answer", w_answer_tokens(l)), ("all", w_all_tokens(l))],
        "method" => vec![("confident", w_confident(l)), ("neighbours", w_neighbours(l))],
        "order" => vec![("held_out", w_held_out(l)), ("train", w_train(l))],
        _ => Vec::new(),
    }
}

/// What a setting's name leaves open; empty where it says all.
#[must_use]
pub fn setting_help(l: Lang, setting: &str) -> &'static str {
    match setting {
        "languages" => languages_help(l),
        "phone" => phone_help(l),
        "ip" => ip_help(l),
        "address" => address_help(l),
        "name" => name_help(l),
        "salt" => salt_help(l),
        "synonyms" => synonyms_help(l),
        "typos" => typos_help(l),
        "swap" => swap_help(l),
        "shortest" => shortest_help(l),
        "own_synonyms" => own_synonyms_help(l),
        "own_pairs" => own_pairs_help(l),
        "negated_labels" => negated_labels_help(l),
        "templates" => templates_help(l),
        _ => "",
    }
}

/// Whether a setting takes any text; such a one has a help.
#[must_use]
pub fn is_free_text(setting: &str) -> bool {
    matches!(setting, "salt" | "own_synonyms" | "own_pairs" | "templates" | "negated_labels")
}
