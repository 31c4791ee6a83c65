//! Whom a comment names: `@` and a member's name, or its first word where only one member has it.

use crate::id::UserId;

/// Longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 10_000;

/// The members that a comment names, each once, in the order of `members`.
#[must_use]
pub fn mentioned(comment: &str, members: &[(UserId, String)]) -> Vec<UserId> {
    let text = comment.to_lowercase();
    let names: Vec<String> = members.iter().map(|(_, name)| name.trim().to_lowercase()).collect();
    let named: Vec<usize> = text.match_indices('@').filter_map(|(at, _)| named_at(&text, at, &names)).collect();
    members.iter().enumerate().filter(|(i, _)| named.contains(i)).map(|(_, (id, _))| *id).collect()
}

/// The member whom the text names at an `@`: the one with the longest name that stands there.
fn named_at(text: &str, at: usize, names: &[String]) -> Option<usize> {
    // What stands before an address's `@` belongs to the address.
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let behind = &text[at + 1..];
    let full = names.iter().enumerate().filter(|(_, name)| begins_with(behind, name)).max_by_key(|(_, n)| n.len());
    if let Some((i, _)) = full {
        return Some(i);
    }
    let first = |name: &str| name.split_whitespace().next().unwrap_or_default().to_owned();
    let mut called = names.iter().enumerate().filter(|(_, name)| begins_with(behind, &first(name)));
    let (i, _) = called.next()?;
    called.next().is_none().then_some(i)
}

/// Whether the text begins with this name as a whole word. Scripts without spaces go on right behind a name.
fn begins_with(text: &str, name: &str) -> bool {
    let Some(rest) = text.strip_prefix(name).filter(|_| !name.is_empty()) else { return false };
    let is_word = |c: char| c.is_alphanumeric() && (c as u32) < 0x2e80;
    !(name.chars().next_back().is_some_and(is_word) && rest.chars().next().is_some_and(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name() {
        let ids: Vec<UserId> = (0..4).map(|_| UserId::new()).collect();
        let names = ["Ada Lovelace", "Ada", "Grace Hopper", "李雷"];
        let members: Vec<(UserId, String)> = ids.iter().copied().zip(names.map(str::to_owned)).collect();
        let of = |text: &str| mentioned(text, &members);
        assert_eq!(of("@ada lovelace, look"), [ids[0]]);
        assert_eq!(of("@Ada: look"), [ids[1]]);
        assert_eq!(of("(@grace) and @李雷请看"), [ids[2], ids[3]]);
        assert_eq!(of("mail@ada.org, @graceful, @, ada"), []);
        assert_eq!(of("@Ada @ada"), [ids[1]]);
    }

    #[test]
    fn a_first_word_of_two_people_names_nobody() {
        let members = [(UserId::new(), "Lin Wei".to_owned()), (UserId::new(), "Lin Tao".to_owned())];
        assert_eq!(mentioned("@lin?", &members), []);
        assert_eq!(mentioned("@lin tao?", &members), [members[1].0]);
    }
}
