//! Names of elements, with what is asked of them again and again.
//! In: a name in lower case. Out: the same, and what it means for text, for cleaning and for the sanitiser.
//! Names that we write ourselves are looked up while tagwire is compiled.

use std::borrow::Cow;
use std::ops::Deref;

use super::sanitize::TAGS;

/// An element's name; a text and the root have the empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    text: Cow<'static, str>,
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

impl Name {
    /// The name of a text or of the root.
    pub const NONE: Name = Name::known("");

    /// A name of ours.
    pub const fn known(text: &'static str) -> Name {
        Name {
            text: Cow::Borrowed(text),
            is_block: is_one_of(text, BLOCKS),
            is_void: is_one_of(text, VOIDS),
            is_safe: is_one_of(text, TAGS),
            role: role(text),
        }
    }

    /// Any name.
    pub fn any(text: &str) -> Name {
        Name {
            text: Cow::Owned(text.to_owned()),
            is_block: is_one_of(text, BLOCKS),
            is_void: is_one_of(text, VOIDS),
            is_safe: is_one_of(text, TAGS),
            role: role(text),
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self.text == **other
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
        for text in ["", "p", "br", "img", "hr", "td", "sup", "span", "script"] {
            assert_eq!(Name::known(text), Name::any(text), "{text}");
        }
        let br = Name::known("br");
        assert!(br.is_void && br.is_safe && !br.is_block && br.role == Role::Break);
        assert!(Name::known("p").is_block && !Name::known("span").is_safe);
    }
}
