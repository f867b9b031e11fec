//! Tags and blocks: ours, and the plain ones of the `liquid` crate with a guard around them.
//! In: a tag's arguments, a block's inside. Out: what writes the text, taking each step from the work
//! that is left.

use std::io::Write;

use liquid_core::error::ResultLiquidReplaceExt;
use liquid_core::model::KString;
use liquid_core::parser::FilterChain;
use liquid_core::{
    BlockReflection, Language, ParseBlock, ParseTag, Renderable, Result, Runtime, TagBlock,
    TagReflection, TagTokenIter, Template, Value, ValueView,
};
use liquid_lib::stdlib;

use super::loops::parse_for;
use super::work::{State, charge, charge_value};

/// Makes all tags and blocks known.
pub(super) fn register(language: &mut Language) {
    let tags: [(&str, Box<dyn ParseTag>); 8] = [
        ("out", Box::new(Tag("out", parse_out))),
        ("text", Box::new(Tag("text", parse_text))),
        ("assign", Box::new(Tag("assign", parse_assign))),
        ("cycle", Box::new(Guarded(stdlib::CycleTag))),
        ("increment", Box::new(Guarded(stdlib::IncrementTag))),
        ("decrement", Box::new(Guarded(stdlib::DecrementTag))),
        ("break", Box::new(Guarded(stdlib::BreakTag))),
        ("continue", Box::new(Guarded(stdlib::ContinueTag))),
    ];
    for (name, tag) in tags {
        language.tags.register(name.to_owned(), tag);
    }
    let blocks: [(&str, Box<dyn ParseBlock>); 7] = [
        ("if", Box::new(Guarded(stdlib::IfBlock))),
        ("unless", Box::new(Guarded(stdlib::UnlessBlock))),
        ("case", Box::new(Guarded(stdlib::CaseBlock))),
        ("ifchanged", Box::new(Guarded(stdlib::IfChangedBlock))),
        ("for", Box::new(Block("for", "endfor", parse_for))),
        (
            "capture",
            Box::new(Block("capture", "endcapture", parse_capture)),
        ),
        (
            "highlight",
            Box::new(Block("highlight", "endhighlight", parse_highlight)),
        ),
    ];
    for (name, block) in blocks {
        language.blocks.register(name.to_owned(), block);
    }
}

pub(super) type Made = Result<Box<dyn Renderable>>;

#[derive(Clone)]
struct Tag(&'static str, fn(TagTokenIter, &Language) -> Made);

impl TagReflection for Tag {
    fn tag(&self) -> &str {
        self.0
    }
    fn description(&self) -> &str {
        ""
    }
}

impl ParseTag for Tag {
    fn parse(&self, arguments: TagTokenIter, language: &Language) -> Made {
        (self.1)(arguments, language)
    }
    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Clone)]
struct Block(
    &'static str,
    &'static str,
    fn(TagTokenIter, TagBlock, &Language) -> Made,
);

impl BlockReflection for Block {
    fn start_tag(&self) -> &str {
        self.0
    }
    fn end_tag(&self) -> &str {
        self.1
    }
    fn description(&self) -> &str {
        ""
    }
}

impl ParseBlock for Block {
    fn parse(&self, arguments: TagTokenIter, inside: TagBlock, language: &Language) -> Made {
        (self.2)(arguments, inside, language)
    }
    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

/// A tag or block of the crate: it costs a step, and its error is no more than its own.
#[derive(Clone)]
struct Guarded<P>(P);

impl<P: ParseTag + Clone + 'static> ParseTag for Guarded<P> {
    fn parse(&self, arguments: TagTokenIter, language: &Language) -> Made {
        Ok(Box::new(Guard(self.0.parse(arguments, language)?)))
    }
    fn reflection(&self) -> &dyn TagReflection {
        self.0.reflection()
    }
}

impl<P: ParseBlock + Clone + 'static> ParseBlock for Guarded<P> {
    fn parse(&self, arguments: TagTokenIter, inside: TagBlock, language: &Language) -> Made {
        Ok(Box::new(Guard(self.0.parse(arguments, inside, language)?)))
    }
    fn reflection(&self) -> &dyn BlockReflection {
        self.0.reflection()
    }
}

#[derive(Debug)]
struct Guard(Box<dyn Renderable>);

impl Renderable for Guard {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        charge(runtime, 0)?;
        forgiven(self.0.render_to(writer, runtime), runtime)
    }
}

/// Only a bound that was reached stops a body.
fn forgiven(result: Result<()>, runtime: &dyn Runtime) -> Result<()> {
    match result {
        Err(error) if runtime.registers().get_mut::<State>().spent => Err(error),
        _ => Ok(()),
    }
}

fn write(writer: &mut dyn Write, text: &str, runtime: &dyn Runtime) -> Result<()> {
    charge(runtime, text.len())?;
    writer.write_all(text.as_bytes()).replace("cannot write")
}

/// `{{ value | filters }}`
#[derive(Debug)]
struct Out(FilterChain);

fn parse_out(mut arguments: TagTokenIter, language: &Language) -> Made {
    let chain = arguments
        .expect_next("a value")?
        .expect_filter_chain(language)
        .into_result()?;
    arguments.expect_nothing()?;
    Ok(Box::new(Out(chain)))
}

impl Renderable for Out {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        charge(runtime, 0)?;
        match self.0.evaluate(runtime) {
            Ok(value) => {
                charge_value(runtime, value.as_view())?;
                write(writer, &value.render().to_string(), runtime)
            }
            Err(error) => forgiven(Err(error), runtime),
        }
    }
}

/// A text between tags, by its number.
#[derive(Debug)]
struct Text(usize);

fn parse_text(mut arguments: TagTokenIter, _: &Language) -> Made {
    let number = arguments.expect_next("a number")?.as_str().parse();
    Ok(Box::new(Text(number.unwrap_or(usize::MAX))))
}

impl Renderable for Text {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let texts = runtime.registers().get_mut::<State>().texts.clone();
        write(
            writer,
            texts.get(self.0).map_or("", String::as_str),
            runtime,
        )
    }
}

#[derive(Debug)]
struct Assign {
    name: KString,
    value: FilterChain,
}

fn parse_assign(mut arguments: TagTokenIter, language: &Language) -> Made {
    let name = arguments
        .expect_next("a name")?
        .expect_identifier()
        .into_result()?;
    let name = KString::from_ref(name);
    arguments.expect_next("=")?.expect_str("=").into_result()?;
    let value = arguments
        .expect_next("a value")?
        .expect_filter_chain(language)
        .into_result()?;
    arguments.expect_nothing()?;
    Ok(Box::new(Assign { name, value }))
}

impl Renderable for Assign {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        charge(runtime, self.name.len())?;
        let value = match self.value.evaluate(runtime) {
            Ok(value) => value.into_owned(),
            Err(error) => return forgiven(Err(error), runtime),
        };
        charge_value(runtime, &value)?;
        runtime.set_global(self.name.clone(), value);
        Ok(())
    }
}

#[derive(Debug)]
struct Capture {
    name: KString,
    inside: Template,
}

fn parse_capture(mut arguments: TagTokenIter, mut inside: TagBlock, language: &Language) -> Made {
    let name = arguments.expect_next("a name")?;
    // Old posts write the name in quotes.
    let name = KString::from_ref(name.as_str().trim_matches(['"', '\'']));
    arguments.expect_nothing()?;
    let elements = inside.parse_all(language)?;
    inside.assert_empty();
    let inside = Template::new(elements);
    Ok(Box::new(Capture { name, inside }))
}

fn rendered(inside: &Template, runtime: &dyn Runtime) -> Result<String> {
    let mut out = Vec::new();
    inside.render_to(&mut out, runtime)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

impl Renderable for Capture {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let value = Value::scalar(rendered(&self.inside, runtime)?);
        charge_value(runtime, &value)?;
        runtime.set_global(self.name.clone(), value);
        Ok(())
    }
}

/// Code, as Jekyll writes it but without colours and line numbers.
#[derive(Debug)]
struct Highlight {
    language: String,
    inside: Template,
}

fn parse_highlight(mut arguments: TagTokenIter, mut inside: TagBlock, language: &Language) -> Made {
    let said = arguments.expect_next("a language")?;
    let named = said
        .as_str()
        .trim_matches('"')
        .split_ascii_whitespace()
        .next();
    let letters = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_' | '#' | '.');
    let named = named.unwrap_or_default().chars().filter(letters).collect();
    let elements = inside.parse_all(language)?;
    inside.assert_empty();
    Ok(Box::new(Highlight {
        language: named,
        inside: Template::new(elements),
    }))
}

impl Renderable for Highlight {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let code = rendered(&self.inside, runtime)?;
        let mut out = format!(
            "<figure class=\"highlight\"><pre><code class=\"language-{0}\" data-lang=\"{0}\">",
            self.language
        );
        super::super::tree::escape(code.trim_matches(['\n', '\r']), &mut out);
        out.push_str("</code></pre></figure>");
        write(writer, &out, runtime)
    }
}
