//! Criteria as lines of text, for forms: `truth 1-5: Is it right?`, and below each, what some of its numbers mean, as
//! `1 = wrong`.

use super::{Anchor, Criterion};

/// Writes criteria so that [`parsed`] reads the same.
#[must_use]
pub fn written(criteria: &[Criterion]) -> String {
    let of = |c: &Criterion| {
        let anchors: String = c.anchors.iter().map(|a| format!("\n{} = {}", a.value, a.text)).collect();
        format!("{} {}-{}: {}", c.name, c.min, c.max, c.help).trim_end().to_owned() + &anchors
    };
    criteria.iter().map(of).collect::<Vec<_>>().join("\n\n")
}

/// Reads criteria; the number of the first line that is none (from 1) where there is one.
pub fn parsed(text: &str) -> Result<Vec<Criterion>, u32> {
    let mut criteria: Vec<Criterion> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), at as u32 + 1);
        if line.is_empty() {
            continue;
        }
        if let Some(anchor) = anchor(line) {
            criteria.last_mut().ok_or(number)?.anchors.push(anchor);
        } else {
            criteria.push(criterion(line).ok_or(number)?);
        }
    }
    Ok(criteria)
}

fn anchor(line: &str) -> Option<Anchor> {
    let (value, text) = line.split_once(['=', '＝'])?;
    Some(Anchor { value: value.trim().parse().ok()?, text: text.trim().to_owned() })
}

fn criterion(line: &str) -> Option<Criterion> {
    let (head, help) = line.split_once([':', '：']).unwrap_or((line, ""));
    let (name, scale) = head.trim().split_once(char::is_whitespace)?;
    // A lowest number may be negative: the dash that parts the two is not the first sign.
    let scale = scale.trim();
    let dash = scale.char_indices().skip(1).find(|(_, c)| matches!(c, '-' | '–' | '~'))?;
    let (min, max) = (&scale[..dash.0], &scale[dash.0 + dash.1.len_utf8()..]);
    Some(Criterion {
        name: name.to_owned(),
        help: help.trim().to_owned(),
        min: min.trim().parse().ok()?,
        max: max.trim().parse().ok()?,
        anchors: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::tests::criterion as example;

    #[test]
    fn what_is_written_is_read() {
        let criteria = vec![example("truth"), Criterion { min: -2, max: 2, anchors: Vec::new(), ..example("tone") }];
        assert_eq!(parsed(&written(&criteria)), Ok(criteria));
        assert_eq!(written(&[]), "");
    }

    #[test]
    fn chinese_punctuation_is_read_too() {
        let read = parsed("truth 1–5：是否正确？\n  1 ＝ 错误\n5 = 正确 = 完全");
        let found = read.as_ref().map(|c| (c[0].help.as_str(), c[0].anchors[1].text.as_str()));
        assert_eq!(found, Ok(("是否正确？", "正确 = 完全")));
    }

    #[test]
    fn a_line_that_is_nothing_is_named() {
        assert_eq!(parsed("truth 1-5\n\nwhat is this"), Err(3));
        assert_eq!(parsed("1 = wrong"), Err(1));
        assert_eq!(parsed("truth 5"), Err(1));
    }
}
