//! The bounds within which a post's Liquid runs.
//! In: what a tag, filter or lookup is about to cost. Out: an error once all is spent.
//! A unit is about a byte handled or a sixteenth of a value made; no clock is asked.

use std::sync::Arc;

use liquid_core::model::{Value, ValueView};
use liquid_core::{Error, Result, Runtime};

/// All of a body's work: a thousand times what a real post needs, a fraction of a second.
pub(super) const MAX_WORK: usize = 8 << 20;
/// One text or list: a body of a post is far smaller.
pub(super) const MAX_VALUE: usize = 256 << 10;
/// Lists within lists.
const MAX_DEPTH: usize = 16;
/// What any step costs at least.
const STEP: usize = 16;

/// What one rendering has used and shares.
#[derive(Default)]
pub(super) struct State {
    used: usize,
    /// True when the bounds were reached.
    pub spent: bool,
    /// The texts between tags, by number.
    pub texts: Arc<[String]>,
}

/// Takes `amount` and a step from what is left.
pub(super) fn charge(runtime: &dyn Runtime, amount: usize) -> Result<()> {
    let mut state = runtime.registers().get_mut::<State>();
    state.used = state.used.saturating_add(amount).saturating_add(STEP);
    if state.used > MAX_WORK {
        state.spent = true;
        return Err(Error::with_msg("too much work"));
    }
    Ok(())
}

/// Takes a value's size from what is left; a value that is too large or too deep is an error.
pub(super) fn charge_value(runtime: &dyn Runtime, value: &dyn ValueView) -> Result<()> {
    let size = size_of(value, 0).unwrap_or(MAX_VALUE + 1);
    if size > MAX_VALUE {
        runtime.registers().get_mut::<State>().spent = true;
        return Err(Error::with_msg("too large"));
    }
    charge(runtime, size)
}

/// An error when a filter would make a text of this length.
pub(super) fn fits(length: usize) -> Result<()> {
    if length > MAX_VALUE {
        return Err(Error::with_msg("too large"));
    }
    Ok(())
}

/// `None` for what is nested too deeply.
fn size_of(value: &dyn ValueView, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut size = STEP;
    if let Some(scalar) = value.as_scalar() {
        size += scalar.to_kstr().len();
    } else if let Some(array) = value.as_array() {
        for item in array.values() {
            size += size_of(item, depth + 1)?;
            if size > MAX_VALUE {
                break;
            }
        }
    } else if let Some(object) = value.as_object() {
        for (key, item) in object.iter() {
            size += key.len() + size_of(item, depth + 1)?;
            if size > MAX_VALUE {
                break;
            }
        }
    }
    Some(size)
}

/// Nothing at all.
pub(super) const NIL: Value = Value::Nil;
