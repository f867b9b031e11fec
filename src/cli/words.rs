//! Deciding words, as commands show them. In: hits. Out: a line for people, or JSON.

use serde_json::{Value, json};

use crate::topics::Hit;

/// All words in one line, the weightiest first.
pub fn hits_line(hits: &[Hit]) -> String {
    let words = hits.iter().map(|hit| {
        let times = match hit.count {
            1 => String::new(),
            count => format!(" x{count}"),
        };
        // What weighs nothing is a condition that is met.
        let weight = match hit.weight {
            0.0 => String::new(),
            weight => format!(" {weight:+.2}"),
        };
        format!("{}{times} in {}{weight}", hit.word, hit.field)
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The same for programs.
pub fn hits_json(hits: &[Hit]) -> Vec<Value> {
    let hit = |hit: &Hit| json!({"word": hit.word, "field": hit.field.as_str(), "count": hit.count, "weight": hit.weight});
    hits.iter().map(hit).collect()
}
