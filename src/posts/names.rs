//! Names of elements, with what is asked of them again and again.
//! In: a name in lower case. Out: the same, and what it means for text, for cleaning and for the sanitiser.
//! Names that we write ourselves are looked up while tagwire is compiled.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::LazyLock;

use super::sanitize::TAGS;

/// An element's name; a text and the root have the empty one.
#[derive(Debug, Clone)]
pub(super) enum Name {
    /// Of ours, which costs nothing to make.
    Ours(&'static Element),
    /// Any other.
    Any(Box<Element>),
}

/// What a name means.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: Cow<'static, str>,
    /// Its tags without attributes, where they are known.
    tags: Option<(&'static str, &'static str)>,
    /// It stands on lines of its own.
    pub is_block: bool,
    /// It has neither content nor an end tag.
    pub is_void: bool,
    /// The sanitiser lists it.
    pub is_safe: bool,
    /// It is one of those that most bodies are made of.
    pub role: Role,
}

/// What most bodies are made of, and what has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `<a>`
    Link,
    /// `<br>`
    Break,
    /// `<pre>`
    Preformatted,
    /// `<td>` and `<th>`
    Cell,
    /// `<sup>`
    Superscript,
    /// Anything else.
    Other,
}

/// An element of ours.
macro_rules! element {
    ($name:literal) => {
        $crate::posts::names::Element::ours(
            $name,
            concat!("<", $name, ">"),
            concat!("</", $name, ">"),
        )
    };
}
pub(super) use element;

static NONE: Element = Element::of(Cow::Borrowed(""), None, "");

impl Name {
    /// The name of a text or of the root.
    pub const NONE: Name = Name::Ours(&NONE);

    /// Any name.
    pub fn any(name: &str) -> Name {
        match KNOWN.get(name) {
            Some(element) => Name::Ours(element),
            None => Name::Any(Box::new(Element {
                name: Cow::Owned(name.to_owned()),
                ..NONE.clone()
            })),
        }
    }
}

/// Every name of which anything is to be said.
static KNOWN: LazyLock<HashMap<&'static str, Element>> = LazyLock::new(|| {
    let names = [BLOCKS, VOIDS, TAGS].concat().into_iter();
    let element = |name| (name, Element::of(Cow::Borrowed(name), None, name));
    names.map(element).collect()
});

impl Element {
    /// For `element!`.
    pub const fn ours(name: &'static str, opens: &'static str, closes: &'static str) -> Element {
        Element::of(Cow::Borrowed(name), Some((opens, closes)), name)
    }

    const fn of(
        name: Cow<'static, str>,
        tags: Option<(&'static str, &'static str)>,
        text: &str,
    ) -> Element {
        Element {
            name,
            tags,
            is_block: is_one_of(text, BLOCKS),
            is_void: is_one_of(text, VOIDS),
            is_safe: is_one_of(text, TAGS),
            role: role(text),
        }
    }

    /// The name itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the tag that opens it, without attributes.
    pub fn open(&self, out: &mut String) {
        match self.tags {
            Some((opens, _)) => out.push_str(opens),
            None => ["<", &self.name, ">"]
                .iter()
                .for_each(|part| out.push_str(part)),
        }
    }

    /// Writes the tag that closes it.
    pub fn close(&self, out: &mut String) {
        match self.tags {
            Some((_, closes)) => out.push_str(closes),
            None => ["</", &self.name, ">"]
                .iter()
                .for_each(|part| out.push_str(part)),
        }
    }
}

/// All else comes from the name.
impl PartialEq for Element {
    fn eq(&self, other: &Element) -> bool {
        self.name == other.name
    }
}

impl Eq for Element {}

impl Deref for Name {
    type Target = Element;

    fn deref(&self) -> &Element {
        match self {
            Name::Ours(element) => element,
            Name::Any(element) => element,
        }
    }
}

/// However they were made.
impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.name() == *other
    }
}

const fn role(name: &str) -> Role {
    match name.as_bytes() {
        b"a" => Role::Link,
        b"br" => Role::Break,
        b"pre" => Role::Preformatted,
        b"td" | b"th" => Role::Cell,
        b"sup" => Role::Superscript,
        _ => Role::Other,
    }
}

const fn is_one_of(name: &str, known: &[&str]) -> bool {
    let mut at = 0;
    while at < known.len() {
        if is_same(name.as_bytes(), known[at].as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

/// `==` is not yet for constants.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];

const VOIDS: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_ours_is_any_name() {
        static OURS: [Element; 4] = [
            element!("p"),
            element!("br"),
            element!("img"),
            element!("span"),
        ];
        for ours in &OURS {
            let any = Name::any(ours.name());
            assert_eq!(Name::Ours(ours), any);
            let (mut one, mut two) = (String::new(), String::new());
            for (element, out) in [(ours, &mut one), (&any, &mut two)] {
                element.open(out);
                element.close(out);
            }
            assert_eq!(one, two);
        }
        let br = Name::any("br");
        assert!(br.is_void && br.is_safe && !br.is_block && br.role == Role::Break);
        assert!(Name::any("p").is_block && !Name::any("span").is_safe);
    }
}
