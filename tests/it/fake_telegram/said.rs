//! What the bot said in a story, for the check that nothing is left that no story shows.
//!
//! In: the journal. Out: every text of every request, a JSON string a line, in a file of its own.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::state::State;

/// Longer texts are posts, or made of them.
const LONGEST: usize = 20_000;

static NUMBER: AtomicU64 = AtomicU64::new(0);

pub fn write(folder: &Path, port: u16, state: &State) {
    let mut texts = BTreeSet::new();
    for entry in &state.journal {
        collect(&entry.params, &mut texts);
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{}-{port}-{number}.jsonl", std::process::id()));
    let mut file = std::fs::File::create(path).expect("a file in TAGWIRE_SAID");
    for text in texts {
        writeln!(file, "{}", Value::from(text)).expect("a full disk");
    }
}

fn collect<'a>(value: &'a Value, texts: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) if text.len() <= LONGEST => {
            texts.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        _ => {}
    }
}
