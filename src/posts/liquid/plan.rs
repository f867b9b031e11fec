//! What of a body is Liquid that can be run, and what is text.
//! In: a body, the tags and filters that are known. Out: a template in which every tag was tried by
//! itself and every block has its end, the texts between the tags, and notes on all the rest.

use std::fmt::Write;

use liquid_core::{Language, parser};

use super::addresses::{Address, Addresses};
use super::tokens::{Markup, Piece, pieces};
use super::{Kind, Note};

/// Blocks within blocks, and branches of one block.
const MAX_NESTED: usize = 32;
/// Tags and outputs in one body; what comes later is text.
const MAX_TAGS: usize = 5_000;
/// Tags that are no Liquid, each of which costs a parse; what comes later is text.
const MAX_BAD: usize = 50;
/// Each level is a recursion of the grammar.
const MAX_BRACKETS: usize = 16;

/// A template and the texts that it names by number.
pub(super) struct Plan {
    pub template: String,
    pub texts: Vec<String>,
    pub notes: Vec<Note>,
}

/// Names of one kind that are noted in one body.
const MAX_NAMES: usize = 8;

/// Notes a kind once; tags and filters each by its name.
pub(super) fn note(notes: &mut Vec<Note>, kind: Kind, at: usize, what: &str) {
    let what: String = what.chars().take(60).collect();
    let is_named = matches!(kind, Kind::UnknownTag | Kind::UnknownFilter);
    // The end of a block that was noted says nothing new.
    let is_end = |known: &Note| what.strip_prefix("end") == Some(known.what.as_str());
    let same = notes.iter().filter(|known| known.kind == kind);
    let is_known = match is_named {
        true => {
            same.clone().count() >= MAX_NAMES
                || same
                    .clone()
                    .any(|known| known.what == what || is_end(known))
        }
        false => same.clone().next().is_some(),
    };
    if !is_known {
        notes.push(Note { kind, at, what });
    }
}

/// Plans a body.
pub(super) fn plan(text: &str, language: &Language, addresses: &Addresses) -> Plan {
    let mut planner = Planner {
        language,
        addresses,
        steps: Vec::new(),
        open: Vec::new(),
        notes: Vec::new(),
        tags: 0,
        bad: 0,
    };
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => planner.steps.push(Step::Text(text.to_owned())),
            Piece::Output(markup) => planner.output(&markup),
            Piece::Tag(markup) => planner.tag(&markup),
        }
    }
    planner.finish()
}

enum Step<'t> {
    Text(String),
    /// A tag of the template, and the body's own text for the case that it has no counterpart.
    Run(String, Markup<'t>),
}

struct Open {
    name: &'static str,
    /// Index of its step.
    step: usize,
    /// Indices of the steps of its `else`, `elsif`, `when`.
    branches: Vec<usize>,
    ended: bool,
}

struct Planner<'t, 'l> {
    language: &'l Language,
    addresses: &'l Addresses<'l>,
    steps: Vec<Step<'t>>,
    open: Vec<Open>,
    notes: Vec<Note>,
    tags: usize,
    bad: usize,
}

const BLOCKS: &[&str] = &[
    "if",
    "unless",
    "case",
    "for",
    "capture",
    "highlight",
    "ifchanged",
];
const SIMPLE: &[&str] = &[
    "assign",
    "cycle",
    "increment",
    "decrement",
    "break",
    "continue",
];

impl<'t> Planner<'t, '_> {
    fn output(&mut self, markup: &Markup<'t>) {
        if markup.inner.is_empty() {
            return;
        }
        let inner = self.known_filters(markup);
        let source = format!("{{%out {inner}%}}");
        if self.parses(&source) {
            self.steps.push(Step::Run(source, *markup));
        } else {
            self.keep(markup);
        }
    }

    fn tag(&mut self, markup: &Markup<'t>) {
        let name = markup.name;
        if name == "post_url" || name == "link" {
            self.address(markup);
        } else if let Some(block) = BLOCKS.iter().find(|block| **block == name) {
            self.begin(markup, block);
        } else if let Some(block) = name.strip_prefix("end").filter(|b| BLOCKS.contains(b)) {
            self.end(markup, block);
        } else if matches!(name, "else" | "elsif" | "when") {
            self.branch(markup);
        } else if SIMPLE.contains(&name) {
            let source = format!("{{%{name} {}%}}", self.known_filters(markup));
            if self.parses(&source) {
                self.steps.push(Step::Run(source, *markup));
            } else {
                self.keep(markup);
            }
        } else {
            note(&mut self.notes, Kind::UnknownTag, markup.at, name);
        }
    }

    fn address(&mut self, markup: &Markup<'t>) {
        match self.addresses.of(markup.name, markup.inner) {
            Some(Address::Known(url)) => self.steps.push(Step::Text(url)),
            Some(Address::Guessed(url)) => {
                note(&mut self.notes, Kind::GuessedLink, markup.at, markup.inner);
                self.steps.push(Step::Text(url));
            }
            None => self.keep(markup),
        }
    }

    fn begin(&mut self, markup: &Markup<'t>, name: &'static str) {
        let source = match name {
            // Its arguments are no Liquid: `{% highlight c++ linenos %}`.
            "highlight" => format!("{{%highlight {:?}%}}", quotable(markup.inner)),
            _ => format!("{{%{name} {}%}}", markup.inner),
        };
        if self.open.len() < MAX_NESTED && self.parses(&format!("{source}{{%end{name}%}}")) {
            let step = self.steps.len();
            self.steps.push(Step::Run(source, *markup));
            self.open.push(Open {
                name,
                step,
                branches: Vec::new(),
                ended: false,
            });
        } else {
            self.keep(markup);
        }
    }

    fn end(&mut self, markup: &Markup<'t>, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else {
            return self.keep(markup);
        };
        // Blocks that were opened inside and have no end are text.
        for open in self.open.split_off(at + 1) {
            self.unopen(&open);
        }
        self.open.pop();
        self.steps
            .push(Step::Run(format!("{{%end{name}%}}"), *markup));
    }

    fn branch(&mut self, markup: &Markup<'t>) {
        let name = markup.name;
        let fits = self.open.last().is_some_and(|open| {
            let kind = match name {
                "else" => matches!(open.name, "if" | "unless" | "case" | "for"),
                "elsif" => open.name == "if",
                _ => open.name == "case",
            };
            kind && !open.ended && open.branches.len() < MAX_NESTED
        });
        let (source, trial) = match name {
            "else" => ("{%else%}".to_owned(), String::new()),
            "elsif" => (
                format!("{{%elsif {}%}}", markup.inner),
                format!("{{%if true%}}{{%elsif {}%}}{{%endif%}}", markup.inner),
            ),
            _ => (
                format!("{{%when {}%}}", markup.inner),
                format!("{{%case 1%}}{{%when {}%}}{{%endcase%}}", markup.inner),
            ),
        };
        if !fits || !(trial.is_empty() || self.parses(&trial)) {
            return self.keep(markup);
        }
        let step = self.steps.len();
        if let Some(open) = self.open.last_mut() {
            open.branches.push(step);
            open.ended = name == "else";
        }
        self.steps.push(Step::Run(source, *markup));
    }

    /// Makes text of a block's tags.
    fn unopen(&mut self, open: &Open) {
        for index in open.branches.iter().chain([&open.step]) {
            if let Some(Step::Run(_, markup)) = self.steps.get(*index) {
                let markup = *markup;
                note(&mut self.notes, Kind::KeptAsText, markup.at, markup.whole);
                self.steps[*index] = Step::Text(markup.whole.to_owned());
            }
        }
    }

    fn keep(&mut self, markup: &Markup<'t>) {
        note(&mut self.notes, Kind::KeptAsText, markup.at, markup.whole);
        self.steps.push(Step::Text(markup.whole.to_owned()));
    }

    fn parses(&mut self, source: &str) -> bool {
        self.tags += 1;
        let brackets = source.bytes().filter(|b| *b == b'[').count();
        let is_out_of_bounds =
            self.tags > MAX_TAGS || self.bad > MAX_BAD || brackets > MAX_BRACKETS;
        if is_out_of_bounds || has_a_number_too_large(source) {
            return false;
        }
        let parses = parser::parse(source, self.language).is_ok();
        self.bad += usize::from(!parses);
        parses
    }

    /// Takes filters out that nobody knows; Jekyll passes the value on unchanged.
    fn known_filters(&mut self, markup: &Markup) -> String {
        let inner = markup.inner;
        let mut parts = split_filters(inner).into_iter();
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let name = part.split(':').next().unwrap_or_default().trim();
            if self.language.filters.get(name).is_some() || !is_name(name) {
                out.push('|');
                out.push_str(part);
            } else {
                note(&mut self.notes, Kind::UnknownFilter, markup.at, name);
            }
        }
        out
    }

    fn finish(mut self) -> Plan {
        for open in std::mem::take(&mut self.open) {
            self.unopen(&open);
        }
        let mut plan = Plan {
            template: String::new(),
            texts: Vec::new(),
            notes: self.notes,
        };
        for step in self.steps {
            match step {
                Step::Run(source, _) => plan.template.push_str(&source),
                Step::Text(text) => {
                    let _ = write!(plan.template, "{{%text {}%}}", plan.texts.len());
                    plan.texts.push(text);
                }
            }
        }
        plan
    }
}

/// liquid-core's parser does not survive a whole number beyond 64 bits (`parser.rs`, `parse_literal`).
fn has_a_number_too_large(source: &str) -> bool {
    if source.bytes().filter(u8::is_ascii_digit).count() < 18 {
        return false;
    }
    let mut quote = None;
    let outside = source.chars().map(|c| {
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => return c,
            Some(_) => {}
        }
        ' '
    });
    let outside: String = outside.collect();
    // Digits of a name or after a point are no whole number.
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let outside = outside.replace("..", " ");
    let mut numbers = outside.split(|c: char| !is_part(c));
    numbers.any(|number| {
        let digits = number.trim_start_matches('-');
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let is_whole = end > 0 && !digits[end..].starts_with('.');
        let signed = &number[..number.len() - digits.len() + end];
        is_whole && signed.parse::<i64>().is_err()
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The grammar knows no escapes in strings.
fn quotable(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '"' | '\\' | '\n'))
        .collect()
}

/// Splits at `|` outside of quotes.
fn split_filters(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut quote = None;
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'|') => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
