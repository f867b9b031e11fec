//! Whatever a post holds, its messages are such as Telegram takes. `TAGWIRE_MESSAGES` sets how many posts are
//! tried; `TAGWIRE_SEED` from where on.

use std::collections::BTreeSet;
use tagwire::delivery::message::{Form, alert, withdrawn};
use tagwire::model::ChatId;
use tagwire::store::Card;
use tagwire::telegram::{ButtonAction, Message, Span, utf16_len};
use unicode_segmentation::UnicodeSegmentation;

use crate::fake_telegram::would_take;
use crate::random_cards::Dice;

fn number(name: &str, usually: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(usually)
}

/// What the strict fake checks by itself: shape, code points, entities in bounds and whole, addresses, buttons.
fn is_taken(message: &Message, what: &str) {
    let parameters = message.to_json(&ChatId::Id(1), true);
    let text = &message.text;
    if let Err(why) = would_take(&parameters) {
        panic!("{what}: {why}\n{parameters:#}");
    }
    assert!(utf16_len(text) <= 4096, "{what}: {} units", utf16_len(text));
    assert!(
        text.len() <= 32_768 && parameters.to_string().len() <= 35_000,
        "{what}: {} bytes",
        text.len()
    );
    let hostile = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(hostile), "{what}: {text:?}");
    for button in message.buttons.iter().flatten() {
        assert!(!button.text.trim().is_empty());
        match &button.action {
            ButtonAction::Data(data) => assert!((1..=64).contains(&data.len()), "{what}: {data}"),
            ButtonAction::Url(url) => assert!(
                url.to_ascii_lowercase().starts_with("http"),
                "{what}: {url}"
            ),
            #[allow(
                unreachable_patterns,
                reason = "kinds that this test does not know need their own rule"
            )]
            _ => {}
        }
    }
}

/// Entities of Telegram nest or lie apart; they never overlap in part (core.telegram.org/api/entities).
fn nests(message: &Message, what: &str) {
    for one in &message.entities {
        for other in &message.entities {
            let (a, b) = (one.offset, one.offset + one.length);
            let (c, d) = (other.offset, other.offset + other.length);
            let apart = b <= c || d <= a;
            let inside = (a <= c && d <= b) || (c <= a && b <= d);
            assert!(apart || inside, "{what}: {one:?} {other:?}");
        }
    }
}

/// What stands before a cut is whole: no half emoji, no letter without its mark.
fn is_cut_between_characters(message: &Message, card: &Card, what: &str) {
    let clean = |text: &str| -> String {
        let hostile = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        };
        text.chars().filter(|c| !hostile(*c)).collect()
    };
    let source = card.source.clone().unwrap_or_default();
    let mut fields: Vec<String> = [&card.title, &card.summary, &source, &card.url]
        .map(|text| clean(text))
        .into();
    // Other sources stand in one line.
    let also = card.also.iter();
    fields.extend(also.map(|(source, _)| clean(source).replace('\n', " ")));
    // A summary that is cut has lost the line ends and blanks between its sentences.
    let joined = fields
        .iter()
        .map(|text| text.replace(char::is_whitespace, ""));
    let broken = fields
        .iter()
        .map(|text| text.replace(['\n', '\u{2028}'], ""));
    let fields: Vec<String> = joined.chain(broken).chain(fields.clone()).collect();
    let whole: BTreeSet<&str> = fields
        .iter()
        .flat_map(|text| text.graphemes(true))
        .collect();
    for (at, _) in message.text.match_indices('…') {
        // The mark itself may join what precedes it, so that is looked at alone.
        let Some(last) = message.text[..at].graphemes(true).next_back() else {
            continue;
        };
        let written = format!("{last}…");
        if fields.iter().any(|text| text.contains(&written)) {
            continue;
        }
        // Our own words may stand before a source that begins with the mark, or with one that joins them.
        let bare = last.trim_start_matches(['：', '、', ' ']);
        let fine =
            [last, bare].iter().any(|end| whole.contains(end)) || ["…", "\n", ""].contains(&bare);
        assert!(
            fine,
            "{what}: cut within {last:?}, {:?}\n{fields:?}",
            &message.text[..at]
        );
    }
}

#[test]
fn telegram_would_take_every_message_of_any_post() {
    let posts = number("TAGWIRE_MESSAGES", 400);
    let first = number("TAGWIRE_SEED", 1);
    for seed in first..first + posts {
        let mut dice = Dice::new(seed);
        let (card, language) = (dice.card(), dice.language());
        let mut bold = 0;
        for form in [Form::Full, Form::Plain, Form::Bare] {
            let what = format!("TAGWIRE_SEED={seed} {form:?}");
            for message in [
                alert(&card, language, crate::world::shanghai(), form),
                withdrawn(&card, language, form),
            ] {
                is_taken(&message, &what);
                nests(&message, &what);
                is_cut_between_characters(&message, &card, &what);
                bold += message
                    .entities
                    .iter()
                    .filter(|entity| entity.span == Span::Bold)
                    .count();
            }
        }
        assert!(
            bold <= 4,
            "TAGWIRE_SEED={seed}: a title is bold once a message"
        );
    }
    println!("{posts} posts, {} messages", posts * 6);
}
