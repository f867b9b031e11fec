//! `for`, over lists, objects and ranges.
//! In: items, limit, offset. Out: the inside once for each item; a range is never written out, and
//! each turn is taken from the work that is left.

use std::io::Write;

use liquid_core::model::KString;
use liquid_core::parser::{BlockElement, TryMatchToken};
use liquid_core::runtime::{Interrupt, InterruptRegister};
use liquid_core::{
    Expression, Language, Object, Renderable, Result, Runtime, TagBlock, TagTokenIter, Template,
    Value, ValueView,
};

use super::blocks::Made;
use super::runtime::Turn;
use super::work::{NIL, charge, charge_value};

/// The item at a place.
type ItemAt = Box<dyn Fn(i64) -> Value>;

#[derive(Debug)]
enum Items {
    Of(Expression),
    Range(Expression, Expression),
}

/// `for item in items reversed limit:3 offset:1`
#[derive(Debug)]
struct For {
    name: KString,
    items: Items,
    limit: Option<Expression>,
    offset: Option<Expression>,
    reversed: bool,
    inside: Template,
    otherwise: Template,
}

pub(super) fn parse_for(
    mut arguments: TagTokenIter,
    mut inside: TagBlock,
    language: &Language,
) -> Made {
    let name = arguments
        .expect_next("a name")?
        .expect_identifier()
        .into_result()?;
    let name = KString::from_ref(name);
    arguments
        .expect_next("in")?
        .expect_str("in")
        .into_result()?;
    let items = match arguments.expect_next("items")?.expect_value() {
        TryMatchToken::Matches(value) => Items::Of(value),
        TryMatchToken::Fails(token) => {
            let (first, last) = token.expect_range().into_result()?;
            Items::Range(first, last)
        }
    };
    let (mut limit, mut offset, mut reversed) = (None, None, false);
    while let Some(token) = arguments.next() {
        let place = match token.as_str() {
            "reversed" => {
                reversed = true;
                continue;
            }
            "limit" => &mut limit,
            "offset" => &mut offset,
            "," => continue,
            _ => return Err(token.raise_error()),
        };
        arguments.expect_next(":")?.expect_str(":").into_result()?;
        *place = Some(
            arguments
                .expect_next("a number")?
                .expect_value()
                .into_result()?,
        );
    }
    let (mut turns, mut otherwise) = (Vec::new(), Vec::new());
    while let Some(element) = inside.next()? {
        match element {
            BlockElement::Tag(tag) if tag.name() == "else" => {
                otherwise = inside.parse_all(language)?;
                break;
            }
            element => turns.push(element.parse(&mut inside, language)?),
        }
    }
    inside.assert_empty();
    Ok(Box::new(For {
        name,
        items,
        limit,
        offset,
        reversed,
        inside: Template::new(turns),
        otherwise: Template::new(otherwise),
    }))
}

fn whole(value: &Expression, runtime: &dyn Runtime) -> Result<Option<i64>> {
    let value = value.evaluate(runtime)?;
    Ok(value.as_scalar().and_then(|scalar| scalar.to_integer()))
}

impl For {
    /// The number of items, and the item at a place. A range is never written out.
    fn items(&self, runtime: &dyn Runtime) -> Result<(i64, ItemAt)> {
        let source = match &self.items {
            Items::Range(first, last) => {
                let first = whole(first, runtime)?.unwrap_or(0);
                let last = whole(last, runtime)?.unwrap_or(0);
                let count = last.saturating_sub(first).saturating_add(1).max(0);
                let item = move |at: i64| Value::scalar(first.saturating_add(at));
                return Ok((count, Box::new(item)));
            }
            Items::Of(value) => value.evaluate(runtime)?.into_owned(),
        };
        let items = match source {
            Value::Array(items) => items,
            Value::Object(object) => object
                .into_iter()
                .map(|(key, value)| Value::Array(vec![Value::scalar(key), value]))
                .collect(),
            Value::Scalar(scalar) if scalar.to_kstr().is_empty() => Vec::new(),
            scalar @ Value::Scalar(_) => vec![scalar],
            _ => Vec::new(),
        };
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let item = move |at: i64| {
            let at = usize::try_from(at).ok();
            at.and_then(|at| items.get(at).cloned()).unwrap_or(NIL)
        };
        Ok((count, Box::new(item)))
    }

    fn turn(&self, item: Value, index: i64, length: i64) -> Object {
        let forloop = liquid_core::object!({
            "length": length,
            "index": index + 1,
            "index0": index,
            "rindex": length - index,
            "rindex0": length - index - 1,
            "first": index == 0,
            "last": index == length - 1,
        });
        let mut variables = Object::new();
        variables.insert("forloop".into(), Value::Object(forloop));
        variables.insert(self.name.clone(), item);
        variables
    }
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        charge(runtime, 0)?;
        let (count, item) = self.items(runtime)?;
        let number = |value: &Option<Expression>| match value {
            Some(value) => whole(value, runtime),
            None => Ok(None),
        };
        let offset = number(&self.offset)?.unwrap_or(0).clamp(0, count);
        let limit = number(&self.limit)?.unwrap_or(i64::MAX).max(0);
        let length = limit.min(count - offset);
        if length == 0 {
            return self.otherwise.render_to(writer, runtime);
        }
        for index in 0..length {
            let place = if self.reversed {
                length - 1 - index
            } else {
                index
            };
            let item = item(offset + place);
            charge_value(runtime, &item)?;
            charge(runtime, 256)?;
            let turn = Turn {
                parent: runtime,
                variables: self.turn(item, index, length),
            };
            self.inside.render_to(writer, &turn)?;
            let stopped = runtime.registers().get_mut::<InterruptRegister>().reset();
            if let Some(Interrupt::Break) = stopped {
                break;
            }
        }
        Ok(())
    }
}
