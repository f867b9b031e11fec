//! Liquid values as filters see them: as text, as a list, as JSON, in order.
//! In: values. Out: values and texts; nothing here fails.

use std::cmp::Ordering;

use liquid_core::model::{Value, ValueView};

use super::work::NIL;

/// A value as it would be shown.
pub(super) fn text(value: &Value) -> String {
    value.render().to_string()
}

/// A list as it is, nil as none, anything else as one item.
pub(super) fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Nil => Vec::new(),
        other => vec![other],
    }
}

/// `a.b` of an object; nil where there is none.
pub(super) fn property(value: &Value, path: &str) -> Value {
    let mut found = value;
    for key in path.split('.') {
        match found {
            Value::Object(object) => match object.get(key) {
                Some(inner) => found = inner,
                None => return NIL,
            },
            _ => return NIL,
        }
    }
    found.clone()
}

/// An order of all values: nil last, numbers by value, the rest as text.
pub(super) fn order(left: &Value, right: &Value) -> Ordering {
    let float = |value: &Value| match value {
        Value::Scalar(scalar) => scalar.to_float().filter(|_| scalar.type_name() != "string"),
        _ => None,
    };
    match (left.is_nil(), right.is_nil()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    match (float(left), float(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => text(left).cmp(&text(right)),
    }
}

/// True where Liquid takes a value for true.
pub(super) fn truthy(value: &Value) -> bool {
    value.query_state(liquid_core::model::State::Truthy)
}

/// JSON, keys in order.
pub(super) fn json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        Value::Object(object) => {
            let mut pairs: Vec<_> = object.iter().collect();
            pairs.sort_by(|a, b| a.0.cmp(b.0));
            Json::Object(
                pairs
                    .into_iter()
                    .map(|(k, v)| (k.to_string(), json(v)))
                    .collect(),
            )
        }
        Value::Scalar(scalar) => match scalar.type_name() {
            "whole number" => scalar.to_integer().map_or(Json::Null, Json::from),
            "fractional number" => scalar.to_float().map_or(Json::Null, Json::from),
            "boolean" => scalar.to_bool().map_or(Json::Null, Json::from),
            _ => Json::String(scalar.to_kstr().into_string()),
        },
        Value::State(_) | Value::Nil => Json::Null,
    }
}
