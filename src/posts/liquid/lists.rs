//! Filters on lists.
//! In and out: as `filters` says.

use std::collections::HashSet;

use liquid_core::model::{Value, ValueView};
use liquid_core::{Object, Result};

use super::filters::{Apply, Env};
use super::numbers::number;
use super::values::{items, json, order, property, text, truthy};
use super::work::{NIL, fits};

pub(super) const FILTERS: &[(&str, Apply)] = &[
    ("first", |v, _, _| {
        Ok(items(v).into_iter().next().unwrap_or(NIL))
    }),
    ("last", |v, _, _| Ok(items(v).pop().unwrap_or(NIL))),
    ("join", join),
    ("reverse", |v, _, _| {
        Ok(Value::array(items(v).into_iter().rev()))
    }),
    ("compact", |v, _, _| {
        Ok(Value::array(items(v).into_iter().filter(|i| !i.is_nil())))
    }),
    ("concat", |v, a, _| {
        Ok(Value::array(items(v).into_iter().chain(arg_items(a))))
    }),
    ("uniq", uniq),
    ("sort", sort),
    ("sort_natural", sort_natural),
    ("map", |v, a, _| {
        Ok(Value::array(
            items(v).iter().map(|i| property(i, &arg(a, 0))),
        ))
    }),
    ("where", |v, a, _| {
        Ok(Value::array(
            items(v).into_iter().filter(|i| is_there(i, a)),
        ))
    }),
    ("find", |v, a, _| {
        Ok(items(v).into_iter().find(|i| is_there(i, a)).unwrap_or(NIL))
    }),
    ("group_by", group_by),
    ("push", |v, a, _| {
        Ok(Value::array(items(v).into_iter().chain(a.first().cloned())))
    }),
    ("unshift", |v, a, _| {
        Ok(Value::array(a.first().cloned().into_iter().chain(items(v))))
    }),
    ("pop", |v, a, _| {
        let mut list = items(v);
        list.truncate(list.len().saturating_sub(how_many(a)));
        Ok(Value::Array(list))
    }),
    ("shift", |v, a, _| {
        Ok(Value::array(items(v).into_iter().skip(how_many(a))))
    }),
    ("sum", |v, _, e| {
        let add = |sum: Value, item: Value| super::times::FILTERS[0].1(sum, &[item], e);
        items(v).into_iter().try_fold(Value::scalar(0), add)
    }),
    ("array_to_sentence_string", sentence),
    ("jsonify", |v, _, _| Ok(Value::scalar(json(&v).to_string()))),
    ("inspect", |v, _, _| Ok(Value::scalar(json(&v).to_string()))),
];

pub(super) fn arg(arguments: &[Value], at: usize) -> String {
    arguments.get(at).map(text).unwrap_or_default()
}

fn arg_items(arguments: &[Value]) -> Vec<Value> {
    items(arguments.first().cloned().unwrap_or(NIL))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn how_many(arguments: &[Value]) -> usize {
    match arguments.first() {
        None => 1,
        Some(value) => number(value).float().clamp(0.0, 1e6) as usize,
    }
}

fn join(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let between = arguments.first().map_or_else(|| " ".to_owned(), text);
    let parts: Vec<String> = items(value).iter().map(text).collect();
    let length: usize = parts.iter().map(String::len).sum();
    fits(length.saturating_add(parts.len().saturating_mul(between.len())))?;
    Ok(Value::scalar(parts.join(&between)))
}

fn uniq(value: Value, _: &[Value], _: &Env) -> Result<Value> {
    let mut seen = HashSet::new();
    let list = items(value).into_iter();
    Ok(Value::array(
        list.filter(|item| seen.insert(json(item).to_string())),
    ))
}

fn sort(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let key = arg(arguments, 0);
    let mut list = items(value);
    list.sort_by_cached_key(|item| {
        Sorted(if key.is_empty() {
            item.clone()
        } else {
            property(item, &key)
        })
    });
    Ok(Value::Array(list))
}

struct Sorted(Value);

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        order(&self.0, &other.0)
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sorted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sorted {}

fn sort_natural(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let key = arg(arguments, 0);
    let mut list = items(value);
    list.sort_by_cached_key(|item| {
        let by = if key.is_empty() {
            item.clone()
        } else {
            property(item, &key)
        };
        (by.is_nil(), text(&by).to_lowercase())
    });
    Ok(Value::Array(list))
}

/// `where: "key", "value"`; a list holds the value; without a value what is true.
fn is_there(item: &Value, arguments: &[Value]) -> bool {
    let found = property(item, &arg(arguments, 0));
    match (&found, arguments.get(1)) {
        (_, None) => truthy(&found),
        (Value::Array(list), Some(wanted)) => list.iter().any(|item| text(item) == text(wanted)),
        (found, Some(wanted)) => found.is_nil() == wanted.is_nil() && text(found) == text(wanted),
    }
}

fn group_by(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let key = arg(arguments, 0);
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for item in items(value) {
        let name = text(&property(&item, &key));
        let place = *places.entry(name.clone()).or_insert_with(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.1.push(item);
        }
    }
    let object = |(name, list): (String, Vec<Value>)| {
        let mut object = Object::new();
        object.insert("name".into(), Value::scalar(name));
        object.insert(
            "size".into(),
            Value::scalar(i64::try_from(list.len()).unwrap_or(0)),
        );
        object.insert("items".into(), Value::Array(list));
        Value::Object(object)
    };
    Ok(Value::array(groups.into_iter().map(object)))
}

/// `a, b, and c`
fn sentence(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let connector = arguments.first().map_or_else(|| "and".to_owned(), text);
    let mut parts: Vec<String> = items(value).iter().map(text).collect();
    let last = parts.pop().unwrap_or_default();
    Ok(Value::scalar(match parts.len() {
        0 => last,
        1 => format!("{} {connector} {last}", parts[0]),
        _ => format!("{}, {connector} {last}", parts.join(", ")),
    }))
}
