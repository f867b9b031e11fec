//! Liquid in a post, as Jekyll runs it before Markdown.
//! In: a body with `{{` or `{%`, what `site` and `page` hold. Out: the body with outputs and tags run,
//! and notes on what was left out, kept as text or stopped. Work and memory are bounded (`work`).
//!
//! The grammar, the values and the plain control blocks are the `liquid` crate's (its parts `liquid-core`
//! and `liquid-lib`); filters, loops and assignments are ours, because a post may be hostile, Ruby forgives
//! more, and nothing here may ask a clock.

mod addresses;
mod blocks;
mod dates;
mod filters;
mod lists;
mod loops;
mod numbers;
mod plan;
mod runtime;
mod scope;
mod times;
mod tokens;
mod values;
mod words;
mod work;

use std::sync::Arc;

use liquid_core::model::Value;
use liquid_core::runtime::RuntimeBuilder;
use liquid_core::{Language, Object, Renderable, Runtime, Template, parser};

pub(super) use addresses::Addresses;
pub(super) use filters::Env;
pub(super) use scope::{Page, page, site};

use runtime::Lenient;
use work::State;

/// What was wrong, once for each kind and post; unknown tags and filters once for each name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A tag that Jekyll's own Liquid does not know, or that reads other files.
    UnknownTag,
    /// A filter that is not known; the value passes it unchanged.
    UnknownFilter,
    /// Braces that are no Liquid: they stay as they are.
    KeptAsText,
    /// `link` to a page whose address only Jekyll knows.
    GuessedLink,
    /// Loops or texts beyond the bounds.
    TooMuch,
}

/// Tags of Jekyll's whose text is in another file.
const READS_FILES: &[&str] = &["include", "include_relative", "include_cached"];

/// One kind of trouble in a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub kind: Kind,
    /// Byte of the first occurrence in the body.
    pub at: usize,
    /// The tag's or filter's name, or the text that was kept.
    pub what: String,
}

impl Note {
    /// Kind, message and mend of the problem.
    pub fn said(&self) -> (&'static str, String, &'static str) {
        let what = &self.what;
        match self.kind {
            Kind::UnknownTag if READS_FILES.contains(&what.as_str()) => (
                "liquid-tag",
                format!("the Liquid tag `{what}` reads another file; it was left out"),
                "tagwire has no includes: write here what the tag would bring, or leave it, and feeds and messages go without",
            ),
            Kind::UnknownTag => (
                "liquid-tag",
                format!("the Liquid tag `{what}` is not known here; it was left out"),
                "take the tag out, or leave it, and feeds and messages go without; text that is meant to be read goes between raw and endraw tags",
            ),
            Kind::UnknownFilter => (
                "liquid-filter",
                format!(
                    "the Liquid filter `{what}` is not known here; the value passes it unchanged"
                ),
                "use a filter of Liquid or Jekyll",
            ),
            Kind::KeptAsText => (
                "liquid-text",
                format!("`{what}` is no Liquid that can be run; it stays as text"),
                "put text that is no tag between raw and endraw tags: Jekyll stops here",
            ),
            Kind::GuessedLink => (
                "liquid-link",
                format!("the address of `{what}` hangs on a file that is no post; it was guessed"),
                "write the address itself",
            ),
            Kind::TooMuch => (
                "liquid-too-much",
                "the Liquid of this post loops or grows beyond all bounds; the rest was left out"
                    .to_owned(),
                "make its loops and texts smaller",
            ),
        }
    }
}

/// A body after Liquid.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    pub text: String,
    pub notes: Vec<Note>,
}

/// Tags, filters and site, made once.
pub(super) struct Engine {
    language: Language,
    site: Value,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// True when a body has anything for Liquid.
pub(super) fn is_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    let opens = |at: usize| matches!(bytes.get(at + 1), Some(b'%' | b'{'));
    memchr::memchr_iter(b'{', bytes).any(opens)
}

impl Engine {
    /// `site` is what `{{ site.* }}` shows.
    pub fn new(site: Object, env: Env) -> Engine {
        let mut language = Language::empty();
        filters::register(&mut language, &Arc::new(env));
        blocks::register(&mut language);
        Engine {
            language,
            site: Value::Object(site),
        }
    }

    /// Runs a body. Never fails: what cannot be run stays as text or is left out, and is noted.
    pub fn render(&self, text: &str, page: Object, addresses: &Addresses) -> Rendered {
        let plan = plan::plan(text, &self.language, addresses);
        let mut notes = plan.notes;
        let Ok(elements) = parser::parse(&plan.template, &self.language) else {
            // Each tag was tried by itself, so this is a pair of tags that do not go together.
            plan::note(&mut notes, Kind::KeptAsText, 0, "the whole body");
            return Rendered {
                text: text.to_owned(),
                notes,
            };
        };
        let mut globals = Object::new();
        globals.insert("site".into(), self.site.clone());
        globals.insert("page".into(), Value::Object(page));
        let core = RuntimeBuilder::new().set_globals(&globals).build();
        let runtime = Lenient(&core);
        runtime.registers().get_mut::<State>().texts = plan.texts.into();
        let mut out = Vec::with_capacity(text.len());
        // What was written before an error stays; an error beyond a block is one of the bounds.
        let _ = Template::new(elements).render_to(&mut out, &runtime);
        if runtime.registers().get_mut::<State>().spent {
            plan::note(&mut notes, Kind::TooMuch, 0, "the whole body");
        }
        notes.sort_by_key(|note| note.at);
        let text = String::from_utf8(out)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Rendered { text, notes }
    }
}

#[cfg(test)]
mod tests;
