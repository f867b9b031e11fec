//! Filters on numbers and dates.
//! In and out: as `filters` says.

use chrono::{DateTime, Datelike, FixedOffset};
use liquid_core::Result;
use liquid_core::model::{Value, ValueView};

use super::dates::{formatted, ordinal, time};
use super::filters::{Apply, Env};
use super::numbers::{Number, both, number, rounded, to_whole};
use super::values::text;
use super::work::NIL;

pub(super) const FILTERS: &[(&str, Apply)] = &[
    ("plus", |v, a, _| {
        Ok(both(&v, first(a), i64::checked_add, |x, y| x + y))
    }),
    ("minus", |v, a, _| {
        Ok(both(&v, first(a), i64::checked_sub, |x, y| x - y))
    }),
    ("times", |v, a, _| {
        Ok(both(&v, first(a), i64::checked_mul, |x, y| x * y))
    }),
    ("divided_by", |v, a, _| {
        Ok(both(&v, first(a), floor_div, |x, y| x / y))
    }),
    ("modulo", |v, a, _| {
        Ok(both(&v, first(a), floor_mod, |x, y| {
            x - y * (x / y).floor()
        }))
    }),
    ("at_least", |v, a, _| {
        Ok(both(&v, first(a), |x, y| Some(x.max(y)), f64::max))
    }),
    ("at_most", |v, a, _| {
        Ok(both(&v, first(a), |x, y| Some(x.min(y)), f64::min))
    }),
    ("abs", |v, _, _| {
        Ok(both(
            &v,
            &Value::scalar(0),
            |x, _| x.checked_abs(),
            |x, _| x.abs(),
        ))
    }),
    ("ceil", |v, _, _| Ok(rounded(&v, f64::ceil))),
    ("floor", |v, _, _| Ok(rounded(&v, f64::floor))),
    ("round", round),
    ("to_integer", |v, _, _| {
        Ok(to_whole(number(&v).float().trunc()))
    }),
    ("date", date),
    ("date_to_xmlschema", |v, _, e| {
        Ok(said(v, e, |at| at.to_rfc3339()))
    }),
    ("date_to_rfc822", |v, _, e| {
        Ok(said(v, e, |at| {
            at.format("%a, %d %b %Y %H:%M:%S %z").to_string()
        }))
    }),
    ("date_to_string", |v, a, e| Ok(long_or_short(v, a, e, "%b"))),
    ("date_to_long_string", |v, a, e| {
        Ok(long_or_short(v, a, e, "%B"))
    }),
];

fn first(arguments: &[Value]) -> &Value {
    arguments.first().unwrap_or(&NIL)
}

/// Ruby rounds a division of whole numbers down.
fn floor_div(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let inexact = left.checked_rem(right)? != 0 && (left < 0) != (right < 0);
    Some(quotient - i64::from(inexact))
}

fn floor_mod(left: i64, right: i64) -> Option<i64> {
    let rest = left.checked_rem(right)?;
    Some(if rest != 0 && (rest < 0) != (right < 0) {
        rest + right
    } else {
        rest
    })
}

fn round(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let digits = number(first(arguments)).float().clamp(0.0, 15.0);
    if digits == 0.0 {
        return Ok(rounded(&value, f64::round));
    }
    let scale = 10_f64.powf(digits.trunc());
    Ok(Number::Broken((number(&value).float() * scale).round() / scale).value())
}

fn date(value: Value, arguments: &[Value], env: &Env) -> Result<Value> {
    let format = text(first(arguments));
    if format.is_empty() {
        return Ok(value);
    }
    if matches!(text(&value).as_str(), "now" | "today") {
        return Ok(NIL);
    }
    let shown = time(&value, env.zone, env.naive).and_then(|at| formatted(at, &format));
    Ok(shown.map_or(value, Value::scalar))
}

fn said(value: Value, env: &Env, say: impl Fn(DateTime<FixedOffset>) -> String) -> Value {
    match time(&value, env.zone, env.naive) {
        Some(at) => Value::scalar(say(at)),
        None => value,
    }
}

/// `07 Nov 2008`, `7th November 2008`, `November 7th, 2008`
fn long_or_short(value: Value, arguments: &[Value], env: &Env, month: &str) -> Value {
    let ordinals = arguments.first().is_some_and(|a| a.to_kstr() == "ordinal");
    let american = arguments.get(1).is_some_and(|a| a.to_kstr() == "US");
    said(value, env, |at| {
        let month = at.format(month);
        match (ordinals, american) {
            (true, true) => format!("{month} {}, {}", ordinal(at.day()), at.year()),
            (true, false) => format!("{} {month} {}", ordinal(at.day()), at.year()),
            (false, _) => format!("{:02} {month} {}", at.day(), at.year()),
        }
    })
}
