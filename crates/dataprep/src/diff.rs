//! Two texts compared word by word: words at Unicode's boundaries (UAX 29), which make every Chinese character a word of
//! its own.

use domain::{
    diff::{Piece, PieceKind, TextDiff},
    sample::{Sample, Speaker},
};
use unicode_segmentation::UnicodeSegmentation;

/// Largest table of the comparison; longer texts that differ in more are shown as one replaced by the other.
const MAX_CELLS: usize = 4_000_000;

/// The stretches of both texts in order: of what differs, what was removed stands before what was added.
#[must_use]
pub fn pieces(before: &str, after: &str) -> Vec<Piece> {
    let old: Vec<&str> = before.split_word_bounds().collect();
    let new: Vec<&str> = after.split_word_bounds().collect();
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut found = Pieces::default();
    old[..start].iter().for_each(|word| found.push(PieceKind::Same, word));
    found.middle(&old[start..old.len() - end], &new[start..new.len() - end]);
    old[old.len() - end..].iter().for_each(|word| found.push(PieceKind::Same, word));
    found.0
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, kind: PieceKind, text: &str) {
        match self.0.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(text),
            _ => self.0.push(Piece { kind, text: text.to_owned() }),
        }
    }

    /// The longest common subsequence of words (Wagner & Fischer 1974), walked from the start.
    fn middle(&mut self, old: &[&str], new: &[&str]) {
        let (rows, columns) = (old.len() + 1, new.len() + 1);
        if rows.saturating_mul(columns) > MAX_CELLS {
            old.iter().for_each(|word| self.push(PieceKind::Removed, word));
            new.iter().for_each(|word| self.push(PieceKind::Added, word));
            return;
        }
        // length[i][j]: of the longest common subsequence of old[i..] and new[j..].
        let mut length = vec![0u32; rows * columns];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                length[i * columns + j] = if old[i] == new[j] {
                    length[(i + 1) * columns + j + 1] + 1
                } else {
                    length[(i + 1) * columns + j].max(length[i * columns + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        let mut added = Vec::new();
        while i < old.len() || j < new.len() {
            if i < old.len() && j < new.len() && old[i] == new[j] {
                added.drain(..).for_each(|word| self.push(PieceKind::Added, word));
                self.push(PieceKind::Same, old[i]);
                (i, j) = (i + 1, j + 1);
            } else if j == new.len() || (i < old.len() && length[(i + 1) * columns + j] >= length[i * columns + j + 1])
            {
                self.push(PieceKind::Removed, old[i]);
                i += 1;
            } else {
                added.push(new[j]);
                j += 1;
            }
        }
        added.into_iter().for_each(|word| self.push(PieceKind::Added, word));
    }
}

/// Every text of a sample before and after: turns with the same place and speaker are compared, others are whole.
#[must_use]
pub fn texts(before: Option<&Sample>, after: Option<&Sample>) -> Vec<TextDiff> {
    let turns = |sample: Option<&Sample>| -> Vec<(Option<Speaker>, String)> {
        let Some(sample) = sample else { return Vec::new() };
        let messages = sample.messages.iter().map(|m| (Some(m.role), m.content.clone()));
        messages.chain(sample.rejected.iter().chain(&sample.choices).map(|text| (None, text.clone()))).collect()
    };
    let (old, new) = (turns(before), turns(after));
    let mut found = Vec::new();
    for i in 0..old.len().max(new.len()) {
        match (old.get(i), new.get(i)) {
            (Some((role, a)), Some((other, b))) if role == other => {
                found.push(TextDiff { role: *role, pieces: pieces(a, b) });
            }
            (a, b) => {
                found.extend(a.map(|(role, text)| whole(*role, PieceKind::Removed, text)));
                found.extend(b.map(|(role, text)| whole(*role, PieceKind::Added, text)));
            }
        }
    }
    found
}

fn whole(role: Option<Speaker>, kind: PieceKind, text: &str) -> TextDiff {
    TextDiff { role, pieces: vec![Piece { kind, text: text.to_owned() }] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sample::Message;
    use proptest::prelude::*;

    fn shown(before: &str, after: &str) -> String {
        let piece = |piece: Piece| match piece.kind {
            PieceKind::Same => piece.text,
            PieceKind::Added => format!("[+{}]", piece.text),
            PieceKind::Removed => format!("[-{}]", piece.text),
        };
        pieces(before, after).into_iter().map(piece).collect()
    }

    #[test]
    fn words_and_chinese_characters() {
        assert_eq!(shown("a good film", "a fine film"), "a [-good][+fine] film");
        assert_eq!(shown("今天天气很好", "今天天气不好"), "今天天气[-很][+不]好");
        assert_eq!(shown("same", "same"), "same");
        assert_eq!(shown("", "new"), "[+new]");
        assert_eq!(shown("one two three", "two three four"), "[-one ]two three[+ four]");
    }

    #[test]
    fn what_is_too_long_is_replaced_as_a_whole() {
        let text = |word: &str| (0..2500).map(|i| format!("{word}{i} ")).collect::<String>();
        let found = pieces(&text("a"), &text("b"));
        assert_eq!(found.iter().map(|p| p.kind).collect::<Vec<_>>()[..2], [PieceKind::Removed, PieceKind::Added]);
    }

    #[test]
    fn turns_are_compared_at_their_places() {
        let sample = |turns: &[(Speaker, &str)]| Sample {
            messages: turns.iter().map(|(role, text)| Message::new(*role, *text)).collect(),
            ..Sample::default()
        };
        let before = sample(&[(Speaker::User, "q"), (Speaker::Assistant, "a")]);
        let after =
            Sample { rejected: Some("no".to_owned()), ..sample(&[(Speaker::User, "q"), (Speaker::Assistant, "b")]) };
        let found = texts(Some(&before), Some(&after));
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].pieces, [Piece { kind: PieceKind::Same, text: "q".to_owned() }]);
        assert_eq!(found[1].pieces.len(), 2);
        assert_eq!((found[2].role, found[2].pieces[0].kind), (None, PieceKind::Added));
        assert_eq!(texts(None, Some(&before)).len(), 2);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_put_together_again(before in "[ab 好]{0,30}", after in "[ab 好]{0,30}") {
            let found = pieces(&before, &after);
            let side = |gone: PieceKind| found.iter().filter(|p| p.kind != gone).map(|p| p.text.as_str()).collect::<String>();
            prop_assert_eq!(side(PieceKind::Added), before);
            prop_assert_eq!(side(PieceKind::Removed), after);
        }
    }
}
