//! A body cut at its Liquid marks, as Ruby's tokenizer cuts it.
//! In: a body. Out: texts, outputs and tags in order, with the blanks around `{%-` and `-%}` gone;
//! `raw` is text already, and comments are gone.

/// Longer than any real tag: LaTeX may hold an opening `{%` that is never closed.
const LONGEST: usize = 1000;

/// A part of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Text(&'t str),
    /// `{{ inner }}`
    Output(Markup<'t>),
    /// `{% name arguments %}`
    Tag(Markup<'t>),
}

/// A tag or an output.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) struct Markup<'t> {
    /// With its braces.
    pub whole: &'t str,
    /// A tag's name; empty for an output.
    pub name: &'t str,
    /// What an output shows, or a tag's arguments.
    pub inner: &'t str,
    /// Byte in the body.
    pub at: usize,
    trims_left: bool,
    trims_right: bool,
}

/// Cuts a body.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut cut = Cut {
        text,
        out: Vec::new(),
        from: 0,
        trim: false,
    };
    let mut search = 0;
    // A closing tag that was not found once is not looked for again.
    let mut missing: Vec<&str> = Vec::new();
    while let Some(at) = text[search..].find('{').map(|at| at + search) {
        search = at + 1;
        let Some(markup) = markup_at(text, at) else {
            continue;
        };
        let end = at + markup.whole.len();
        let closing = match markup.name {
            "raw" => Some("endraw"),
            "comment" => Some("endcomment"),
            _ => None,
        };
        if let Some(closing) = closing {
            let found = (!missing.contains(&closing)).then(|| until(text, end, closing));
            let Some((inner, close)) = found.flatten() else {
                missing.push(closing);
                continue;
            };
            cut.text_until(at, markup.trims_left);
            if closing == "endraw" {
                cut.push_text(inner);
            }
            cut.from = close.at + close.whole.len();
            cut.trim = close.trims_right;
        } else {
            cut.text_until(at, markup.trims_left);
            cut.out.push(if markup.name.is_empty() {
                Piece::Output(markup)
            } else {
                Piece::Tag(markup)
            });
            cut.from = end;
            cut.trim = markup.trims_right;
        }
        search = cut.from;
    }
    cut.text_until(text.len(), false);
    cut.out
}

struct Cut<'t> {
    text: &'t str,
    out: Vec<Piece<'t>>,
    from: usize,
    /// The mark before asked for the blanks after it to go.
    trim: bool,
}

impl<'t> Cut<'t> {
    fn text_until(&mut self, at: usize, trims: bool) {
        let mut text = &self.text[self.from..at];
        if self.trim {
            text = text.trim_start();
        }
        if trims {
            text = text.trim_end();
        }
        self.push_text(text);
    }

    fn push_text(&mut self, text: &'t str) {
        if !text.is_empty() {
            self.out.push(Piece::Text(text));
        }
    }
}

fn markup_at(text: &str, at: usize) -> Option<Markup<'_>> {
    let rest = &text[at..];
    let output = match rest.as_bytes().get(1)? {
        b'%' => false,
        b'{' => true,
        _ => return None,
    };
    let mut limit = rest.len().min(LONGEST);
    while !rest.is_char_boundary(limit) {
        limit -= 1;
    }
    let inside = rest.get(2..limit)?;
    let close = inside.find(if output { "}" } else { "%}" })? + 2;
    // Ruby ends an output at its first brace, and stops the build when another one is missing.
    if output && rest.as_bytes().get(close + 1) != Some(&b'}') {
        return None;
    }
    let inner = &rest[2..close];
    let trims_left = inner.starts_with('-');
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let trims_right = inner.ends_with('-');
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    let letters = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let length = if output {
        0
    } else {
        inner.find(letters).unwrap_or(inner.len())
    };
    if !output && length == 0 {
        return None;
    }
    Some(Markup {
        whole: &rest[..close + 2],
        name: &inner[..length],
        inner: inner[length..].trim(),
        at,
        trims_left,
        trims_right,
    })
}

/// What stands before the closing tag, and that tag.
fn until<'t>(text: &'t str, from: usize, name: &str) -> Option<(&'t str, Markup<'t>)> {
    let mut search = from;
    while let Some(at) = text[search..].find("{%").map(|at| at + search) {
        match markup_at(text, at) {
            Some(close) if close.name == name => return Some((&text[from..at], close)),
            _ => search = at + 2,
        }
    }
    None
}
