//! Checks the shape of a request: known parameters, right types, nothing missing.
//!
//! In: a method's fields and the decoded parameters (strings only when they came as a
//! form). Out: typed parameters, or the sentence that says what is wrong. Whatever is
//! refused here is a bug of the program, so the server records it as a violation.

use serde_json::{Map, Value};

use super::table::{self, Field, SCOPES};

pub type Params = Map<String, Value>;

/// Checks `given` against `fields`; `form` says that all values are strings.
pub fn params(fields: &[Field], given: Params, form: bool) -> Result<Params, String> {
    let mut typed = Params::new();
    for (name, value) in given {
        let field = known(fields, &name, "parameter")?;
        let value = match value {
            Value::String(text) if form => from_form(field.kind, &text),
            other => other,
        };
        fits(field.kind, &value).map_err(|why| format!("parameter \"{name}\" {why}"))?;
        typed.insert(name, value);
    }
    missing(fields, &typed, "parameter")?;
    Ok(typed)
}

fn known<'a>(fields: &'a [Field], name: &str, what: &str) -> Result<&'a Field, String> {
    fields
        .iter()
        .find(|field| field.name == name)
        .ok_or_else(|| format!("unknown {what} \"{name}\""))
}

fn missing(fields: &[Field], given: &Params, what: &str) -> Result<(), String> {
    match fields
        .iter()
        .find(|field| field.required && !given.contains_key(field.name))
    {
        Some(field) => Err(format!("{what} \"{}\" is required", field.name)),
        None => Ok(()),
    }
}

/// A form holds text only: numbers, flags and JSON come as text.
fn from_form(kind: &str, text: &str) -> Value {
    let as_string = || Value::String(text.to_owned());
    match kind {
        "String" => as_string(),
        "Integer" | "Integer or String" => text
            .parse::<i64>()
            .map_or_else(|_| as_string(), Value::from),
        "Boolean" | "True" => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" => Value::Bool(false),
            _ => as_string(),
        },
        _ => serde_json::from_str(text).unwrap_or_else(|_| as_string()),
    }
}

/// Does `value` have the type that the Bot API calls `kind`?
fn fits(kind: &str, value: &Value) -> Result<(), String> {
    if let Some(inner) = kind.strip_prefix("Array of ") {
        let items = value.as_array().ok_or_else(|| wrong(kind, value))?;
        return items.iter().try_for_each(|item| fits(inner, item));
    }
    // Of these families the program uses one kind.
    let kind = match kind {
        "InlineQueryResult" => "InlineQueryResultArticle",
        "InputMessageContent" => "InputTextMessageContent",
        kind => kind,
    };
    if kind == "BotCommandScope" {
        return scope_fits(value);
    }
    if kind.contains(" or ") {
        return one_of(kind, value);
    }
    let right = match kind {
        "Integer" => value.as_i64().is_some(),
        "String" => value.is_string(),
        "Boolean" => value.is_boolean(),
        "True" => value == &Value::Bool(true),
        object => return object_fits(object, value),
    };
    if right {
        Ok(())
    } else {
        Err(wrong(kind, value))
    }
}

fn one_of(kind: &str, value: &Value) -> Result<(), String> {
    let mut nearest = None;
    for choice in kind.split(" or ") {
        match fits(choice, value) {
            Ok(()) => return Ok(()),
            Err(why) => nearest = nearest.or(Some(why)),
        }
    }
    Err(nearest.unwrap_or_else(|| wrong(kind, value)))
}

fn scope_fits(value: &Value) -> Result<(), String> {
    let tag = value["type"].as_str().unwrap_or_default();
    let wanted = tag.replace('_', "");
    SCOPES
        .split(" or ")
        .find(|name| {
            name.trim_start_matches("BotCommandScope")
                .eq_ignore_ascii_case(&wanted)
        })
        .ok_or_else(|| format!("has no scope type \"{tag}\""))
        .and_then(|name| object_fits(name, value))
}

fn object_fits(name: &str, value: &Value) -> Result<(), String> {
    let fields = table::object(name).ok_or_else(|| wrong(name, value))?;
    let given = value.as_object().ok_or_else(|| wrong(name, value))?;
    for (key, inner) in given {
        let field = known(&fields, key, &format!("field of {name}"))?;
        fits(field.kind, inner).map_err(|why| format!("field \"{key}\" of {name} {why}"))?;
    }
    missing(&fields, given, &format!("field of {name}"))
}

fn wrong(kind: &str, value: &Value) -> String {
    format!("must be of type {kind}, not {value}")
}
