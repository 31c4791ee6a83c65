//! What the marks on the pages are: a tree of headings, paragraphs, tables and figures, so that a PDF can be read aloud or on a
//! narrow screen. What is not in the tree is decoration. The roles are PDF's own (ISO 32000-1, 14.8.4).

use krilla::tagging::{ArtifactType, Identifier, Node, Tag, TagGroup, TagKind, TagTree};
use std::num::NonZeroU16;

/// What a mark belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// Decoration, which readers leave out.
    Artifact(ArtifactType),
    /// A piece of content, by its number.
    Content(usize),
}

enum Child {
    Element(usize),
    Content(usize),
}

struct Element {
    tag: TagKind,
    /// Where a link leads.
    href: Option<String>,
    children: Vec<Child>,
}

/// The tree, while it grows in the order in which a document is read.
#[derive(Default)]
pub(super) struct Tags {
    elements: Vec<Element>,
    roots: Vec<Child>,
    /// From the outermost to the one that is drawn now.
    open: Vec<usize>,
    /// Levels of the headings above what comes next, from the title's.
    headings: Vec<usize>,
    contents: usize,
    is_repeated: bool,
}

impl Tags {
    /// Pieces of content so far; their numbers are smaller.
    pub(super) fn contents(&self) -> usize {
        self.contents
    }

    /// Whether what comes next has been said before, as the head of a table on its second page: it is no content then.
    pub(super) fn repeat(&mut self, is_repeated: bool) {
        self.is_repeated = is_repeated;
    }

    /// Opens an element within the one that is open.
    pub(super) fn open(&mut self, tag: impl Into<TagKind>) {
        self.open_element(tag.into(), None);
    }

    /// Opens a link: the same one where it goes on, as in the next line.
    pub(super) fn open_link(&mut self, href: &str) {
        let last = match self.siblings().last() {
            Some(Child::Element(at)) => Some(*at),
            _ => None,
        };
        match last.filter(|at| self.elements[*at].href.as_deref() == Some(href)) {
            Some(at) if !self.is_repeated => self.open.push(at),
            _ => self.open_element(Tag::Link.into(), Some(href.to_owned())),
        }
    }

    fn open_element(&mut self, tag: TagKind, href: Option<String>) {
        if self.is_repeated {
            return;
        }
        let at = self.elements.len();
        self.siblings().push(Child::Element(at));
        self.elements.push(Element { tag, href, children: Vec::new() });
        self.open.push(at);
    }

    /// Closes what was opened last. One that says nothing leaves the tree, unless a table would lose a cell.
    pub(super) fn close(&mut self) {
        if self.is_repeated {
            return;
        }
        let Some(closed) = self.open.pop() else { return };
        let Element { tag, children, .. } = &self.elements[closed];
        if children.is_empty() && !matches!(tag, TagKind::TH(_) | TagKind::TD(_)) {
            self.siblings().pop();
        }
    }

    /// A place in the open element, behind what it has.
    pub(super) fn content(&mut self) -> Place {
        if self.is_repeated {
            return Place::Artifact(ArtifactType::PaginationOther);
        }
        let at = self.contents;
        self.contents += 1;
        self.siblings().push(Child::Content(at));
        Place::Content(at)
    }

    /// The role of a heading. No level is left out (ISO 14289-1, 7.4.2), whatever its author wrote.
    pub(super) fn heading(&mut self, level: usize, text: &str) -> TagKind {
        self.leave_headings(level);
        self.headings.push(level);
        let depth = u16::try_from(self.headings.len()).ok().and_then(NonZeroU16::new);
        Tag::Hn(depth.unwrap_or(NonZeroU16::MIN), Some(text.to_owned())).into()
    }

    /// What comes next stands below no heading of this level or a lower one.
    pub(super) fn leave_headings(&mut self, level: usize) {
        self.headings.retain(|above| *above < level);
    }

    fn siblings(&mut self) -> &mut Vec<Child> {
        match self.open.last() {
            Some(at) => &mut self.elements[*at].children,
            None => &mut self.roots,
        }
    }

    /// The tree as it is written. `drawn` has what each piece of content became, by its number.
    pub(super) fn tree(&self, drawn: &[Vec<Identifier>], lang: &str) -> TagTree {
        TagTree::from(self.nodes(&self.roots, drawn)).with_lang(Some(lang.to_owned()))
    }

    fn nodes(&self, children: &[Child], drawn: &[Vec<Identifier>]) -> Vec<Node> {
        let mut nodes = Vec::new();
        for child in children {
            match child {
                Child::Content(at) => nodes.extend(drawn[*at].iter().copied().map(Node::from)),
                Child::Element(at) => {
                    let Element { tag, children, .. } = &self.elements[*at];
                    nodes.push(TagGroup::with_children(tag.clone(), self.nodes(children, drawn)).into());
                }
            }
        }
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in short, without what was drawn: `H1 P(Link)`.
    fn shown(tags: &Tags) -> String {
        fn of(nodes: &[Node]) -> String {
            let groups = nodes.iter().filter_map(|node| match node {
                Node::Group(group) => Some(group),
                Node::Leaf(_) => None,
            });
            let short = groups.map(|group| {
                let name = match &group.tag {
                    TagKind::Hn(tag) => format!("H{}", tag.level()),
                    TagKind::P(_) => "P".to_owned(),
                    TagKind::Link(_) => "Link".to_owned(),
                    TagKind::TD(_) => "TD".to_owned(),
                    other => format!("{other:?}"),
                };
                match of(&group.children) {
                    inner if inner.is_empty() => name,
                    inner => format!("{name}({inner})"),
                }
            });
            short.collect::<Vec<_>>().join(" ")
        }
        of(&tags.tree(&vec![Vec::new(); tags.contents()], "en").children)
    }

    fn say(tags: &mut Tags, tag: impl Into<TagKind>) {
        tags.open(tag);
        tags.content();
        tags.close();
    }

    #[test]
    fn no_level_of_headings_is_left_out() {
        let mut tags = Tags::default();
        // A title, a section whose author begins with a lower heading, and one without a heading of its own.
        for level in [0, 1, 4, 2, 3] {
            let tag = tags.heading(level, "x");
            say(&mut tags, tag);
        }
        tags.leave_headings(1);
        for level in [2, 2, 1] {
            let tag = tags.heading(level, "x");
            say(&mut tags, tag);
        }
        assert_eq!(shown(&tags), "H1 H2 H3 H3 H4 H2 H2 H2");
    }

    #[test]
    fn a_link_over_two_lines_is_one_and_two_links_are_two() {
        let mut tags = Tags::default();
        tags.open(Tag::P);
        for href in ["a", "a", "b"] {
            tags.open_link(href);
            tags.content();
            tags.close();
        }
        tags.content();
        tags.open_link("b");
        tags.content();
        tags.close();
        tags.close();
        assert_eq!(shown(&tags), "P(Link Link Link)");
    }

    #[test]
    fn what_says_nothing_or_was_said_before_is_left_out() {
        let mut tags = Tags::default();
        tags.open(Tag::P);
        tags.close();
        tags.open(Tag::TD);
        tags.close();
        tags.repeat(true);
        tags.open(Tag::P);
        assert_eq!(tags.content(), Place::Artifact(ArtifactType::PaginationOther));
        tags.close();
        tags.repeat(false);
        assert_eq!(tags.content(), Place::Content(0));
        assert_eq!(shown(&tags), "TD");
    }
}
