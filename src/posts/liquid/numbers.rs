//! Arithmetic of filters, as Ruby's Liquid does it: texts are read as numbers, the rest is 0.
//! In: two values. Out: a value; what would overflow goes on as a fraction, a division by zero is nil.

use liquid_core::model::{Value, ValueView};

use super::work::NIL;

#[derive(Clone, Copy)]
pub(super) enum Number {
    Whole(i64),
    Broken(f64),
}

use Number::{Broken, Whole};

pub(super) fn number(value: &Value) -> Number {
    let Some(scalar) = value.as_scalar() else {
        return Whole(0);
    };
    if let Some(whole) = scalar.to_integer() {
        return Whole(whole);
    }
    match scalar.to_float() {
        Some(broken) => Broken(broken),
        None => leading(&scalar.to_kstr()),
    }
}

/// `12px` is 12.
fn leading(text: &str) -> Number {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let end = text.len() - unsigned.len() + digits;
    text[..end].parse().map_or(Whole(0), Whole)
}

impl Number {
    pub fn float(self) -> f64 {
        match self {
            #[allow(clippy::cast_precision_loss)]
            Whole(whole) => whole as f64,
            Broken(broken) => broken,
        }
    }

    pub fn value(self) -> Value {
        match self {
            Whole(whole) => Value::scalar(whole),
            Broken(broken) if broken.is_finite() => Value::scalar(broken),
            Broken(_) => NIL,
        }
    }
}

/// Two numbers by a rule for whole ones and a rule for the rest.
pub(super) fn both(
    left: &Value,
    right: &Value,
    whole: fn(i64, i64) -> Option<i64>,
    broken: fn(f64, f64) -> f64,
) -> Value {
    let (left, right) = (number(left), number(right));
    let exact = match (left, right) {
        (Whole(left), Whole(right)) => whole(left, right),
        _ => None,
    };
    exact
        .map_or_else(|| Broken(broken(left.float(), right.float())), Whole)
        .value()
}

/// Rounded by a rule; nothing fractional stays.
pub(super) fn rounded(value: &Value, rule: fn(f64) -> f64) -> Value {
    match number(value) {
        Broken(broken) => to_whole(rule(broken)),
        whole => whole.value(),
    }
}

#[allow(clippy::cast_possible_truncation)]
pub(super) fn to_whole(broken: f64) -> Value {
    if broken.is_finite() {
        Value::scalar(broken as i64)
    } else {
        NIL
    }
}
