//! Every word of the bot is said in some story, in Chinese and in English.
//!
//! In: the sources of the bot's words, and what the fakes of a whole run of the stories wrote down
//! (`TAGWIRE_SAID=FOLDER cargo test --test it`). Out: the words that no story shows.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// No words for people: what reasons of the store begin with, and a line of the log.
const NOT_SAID: &[&str] = &[
    "same story as",
    "the chat does not follow",
    "it waited longer",
    "the command menu cannot be set",
];

#[test]
#[ignore = "asks a run of all stories: see .ci/run"]
fn every_word_of_the_bot_is_said_in_a_story_in_both_languages() {
    let folder = std::env::var_os("TAGWIRE_SAID").expect("TAGWIRE_SAID names the folder of a run");
    let said = said(Path::new(&folder));
    assert!(
        said.len() > 500,
        "only {} texts: was it a whole run?",
        said.len()
    );
    let mut missing = Vec::new();
    let mut all = 0;
    for path in sources() {
        let source = std::fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for literal in literals(source) {
            let pieces = pieces(&literal);
            if !is_for_people(&literal, &pieces) {
                continue;
            }
            all += 1;
            if !said.iter().any(|text| holds(text, &pieces)) {
                missing.push(format!("{}: {literal:?}", path.display()));
            }
        }
    }
    assert!(all > 300, "only {all} words were found in the sources");
    assert!(
        missing.is_empty(),
        "{} of {all} words are in no story:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

fn sources() -> Vec<PathBuf> {
    let bot = Path::new("src/bot");
    let mut files: Vec<PathBuf> = std::fs::read_dir(bot)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.ends_with("replies.rs") || name == "menus.rs"
        })
        .collect();
    files.sort();
    assert!(files.len() >= 7, "{files:?}");
    files
}

fn said(folder: &Path) -> HashSet<String> {
    let mut said = HashSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        said.extend(
            text.lines()
                .map(|line| serde_json::from_str::<String>(line).unwrap()),
        );
    }
    said
}

/// Every string of a source, as the program sees it.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => {
                rest.by_ref().find(|c| *c == '\n');
            }
            // A quote as a character.
            '\'' if rest.peek() == Some(&'"') => {
                rest.next();
            }
            '"' => {
                let mut literal = String::new();
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    match (c, rest.peek()) {
                        ('\\', Some('\n')) => {
                            while rest.next_if(|c| c.is_whitespace()).is_some() {}
                        }
                        ('\\', _) => match rest.next() {
                            Some('n') => literal.push('\n'),
                            Some(other) => literal.push(other),
                            None => {}
                        },
                        _ => literal.push(c),
                    }
                }
                found.push(literal);
            }
            _ => {}
        }
    }
    found
}

/// What stands between the placeholders of a format.
fn pieces(literal: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut depth = 0;
    for c in literal.chars() {
        match c {
            '{' => {
                depth += 1;
                pieces.push(String::new());
            }
            '}' => depth -= 1,
            _ if depth == 0 => pieces.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    pieces.retain(|piece| piece.chars().any(char::is_alphanumeric));
    pieces
}

/// Not the data of buttons, formats of times, and names that the program gives to things.
fn is_for_people(literal: &str, pieces: &[String]) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let is_data = literal.contains(':') && !literal.contains([' ', '\n']) && literal.is_ascii();
    let is_shown =
        !literal.is_ascii() || literal.contains(' ') || literal.starts_with(char::is_uppercase);
    !pieces.is_empty()
        && pieces.iter().any(|piece| letters(piece) > 0)
        && is_shown
        && !is_data
        && !literal.starts_with('%')
        && !NOT_SAID.contains(&literal)
}

/// Whether a text has all pieces, one after the other.
fn holds(text: &str, pieces: &[String]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn words_are_found_in_sources_and_in_what_was_said() {
    let source = r#"// "no" word
        pick("你好 {name}！", "Hello {name}, \"dear\"!\n{}"); let x = '"'; f("f:{key}")"#;
    let found = literals(source);
    assert_eq!(
        found,
        ["你好 {name}！", "Hello {name}, \"dear\"!\n{}", "f:{key}"]
    );
    let pieces: Vec<Vec<String>> = found.iter().map(|literal| pieces(literal)).collect();
    assert!(holds("Hello Li, \"dear\"!\nx", &pieces[1]));
    assert!(!holds(", \"dear\"! Hello ", &pieces[1]));
    assert!(is_for_people(&found[0], &pieces[0]) && !is_for_people(&found[2], &pieces[2]));
}
