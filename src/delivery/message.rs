//! All words that a reader of announcements sees; pure.
//! In: a card and the chat's language. Out: text plus entities, always within Telegram's limits.

use unicode_segmentation::UnicodeSegmentation;

use crate::model::{PostTime, Zone};
use crate::store::Card;
use crate::telegram::{Button, Message, Span, utf16_len};

/// Telegram takes 4096; the rest is room for the address, where it is no link, and for what one day is added.
const TEXT_LIMIT: usize = 3400;
/// A longer title is cut: it is a title, and the link leads to the whole.
const TITLE_LIMIT: usize = 300;
/// A longer summary comes from an editor's digest; it is cut between sentences.
const SUMMARY_LIMIT: usize = 2000;
/// More sources of one story than this tell nobody more.
const SOURCES: usize = 5;
/// More hashtags than this are noise.
const HASHTAGS: usize = 8;

/// How a message is built when Telegram refused a richer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Styles, summary, hashtags, button.
    Full,
    /// The same without styles.
    Plain,
    /// Title and link only.
    Bare,
}

impl Form {
    /// The form for the nth fallback; `None` when there is no simpler one left.
    pub fn fallback(step: i64) -> Option<Form> {
        match step {
            0 => Some(Form::Full),
            1 => Some(Form::Plain),
            2 => Some(Form::Bare),
            _ => None,
        }
    }
}

/// Whose clock a message tells.
#[derive(Debug, Clone, Copy)]
pub struct Zones {
    /// The chat's.
    pub chat: Zone,
    /// The site's, which readers expect.
    pub site: Zone,
}

impl From<Zone> for Zones {
    /// The chat goes by the site's clock.
    fn from(site: Zone) -> Self {
        Zones { chat: site, site }
    }
}

impl Zones {
    /// The chat's clock, with its offset when the site's shows another time.
    fn clock(self, time: PostTime) -> String {
        match time.clock(self.chat) == time.clock(self.site) {
            true => time.clock(self.chat),
            false => time.clock_with_offset(self.chat),
        }
    }
}

/// The announcement of a post.
pub fn alert(card: &Card, language: &str, zones: impl Into<Zones>, form: Form) -> Message {
    let url = web_address(&card.url);
    let mut message = Message::default();
    let title = title(card);
    match url {
        Some(url) => message.push_as(&title, &[Span::Bold, Span::Link(url.to_owned())]),
        None => message.push_as(&title, &[Span::Bold]),
    }
    if form == Form::Bare {
        message.push("\n");
        message.push(&clean(&card.url));
        return message.without_styles();
    }
    let tail = tail(card, zones.into());
    let also = also(card, language);
    let room = TEXT_LIMIT
        .saturating_sub(utf16_len(&message.text) + utf16_len(&tail) + utf16_len(&also.text) + 4);
    let summary = cut_sentences(&clean(&card.summary), room.min(SUMMARY_LIMIT));
    if !summary.is_empty() {
        message.push("\n\n");
        message.push(&summary);
    }
    message.push("\n\n");
    message.push(&tail);
    message.append(also);
    if url.is_none() {
        message.push("\n");
        message.push(&cut(&clean(&card.url), 500));
    }
    if let Some(url) = url {
        let read = if language == "en" {
            "Read"
        } else {
            "阅读全文"
        };
        message.buttons = vec![vec![Button::url(read, url)]];
    }
    match form {
        Form::Plain => message.without_styles(),
        _ => message,
    }
}

/// Adds the buttons that ask the bot: why this came, and less of it. In channels nobody could use them.
pub fn with_questions(mut message: Message, language: &str) -> Message {
    let (mute, why) = match language {
        "en" => ("🔕 Mute", "❔ Why"),
        _ => ("🔕 静音", "❔ 为什么"),
    };
    message
        .buttons
        .push(vec![Button::data(mute, "m:"), Button::data(why, "y:")]);
    message
}

/// Several posts in one message: a line for each, the title linked.
pub fn digest(cards: &[Card], language: &str, zone: Zone, form: Form) -> Message {
    let mut message = Message::default();
    let head = match language {
        "en" => format!("{} articles", cards.len()),
        _ => format!("{} 篇文章", cards.len()),
    };
    message.push_as(&head, &[Span::Bold]);
    let days: std::collections::BTreeSet<String> = cards
        .iter()
        .filter_map(|card| card.published.clock(zone).get(..10).map(str::to_owned))
        .collect();
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        let dash = if first == last { "" } else { " – " };
        let last = if first == last { "" } else { last };
        message.push(&format!(" · {first}{dash}{last}"));
    }
    message.push("\n");
    let room = TEXT_LIMIT.saturating_sub(utf16_len(&message.text)) / cards.len().max(1);
    for (number, card) in (1..).zip(cards) {
        let mut rest = room.saturating_sub(8);
        let source = card.source.as_deref().map(clean).unwrap_or_default();
        let source = cut(&source, 30.min(rest / 3));
        rest = rest.saturating_sub(utf16_len(&source) + 3);
        message.push(&format!("\n{number}. "));
        let title = cut(
            &clean(&card.title).replace('\n', " "),
            TITLE_LIMIT.min(rest),
        );
        rest = rest.saturating_sub(utf16_len(&title) + 1);
        match web_address(&card.url) {
            Some(url) => message.push_as(&title, &[Span::Link(url.to_owned())]),
            None => {
                message.push(&title);
                if utf16_len(&card.url) <= rest {
                    message.push(&format!(" {}", clean(&card.url)));
                }
            }
        }
        if !source.is_empty() {
            message.push(&format!(" · {source}"));
        }
    }
    match form {
        Form::Full => message,
        _ => message.without_styles(),
    }
}

/// What stays in the chat of an announcement whose post was withdrawn: the title struck through, and why.
pub fn withdrawn(card: &Card, language: &str, form: Form) -> Message {
    let mut message = Message::default();
    message.push_as(&title(card), &[Span::Strike]);
    message.push("\n\n");
    let words = match language {
        "en" => "This article was withdrawn by its publisher.",
        _ => "原文已撤回。",
    };
    message.push_as(words, &[Span::Italic]);
    match form {
        Form::Full => message,
        _ => message.without_styles(),
    }
}

/// The word to admins about posts that wait for them, in both languages: nobody knows yet which one they read.
pub fn held_notice(posts: u64, reason: &str) -> String {
    format!(
        "⏸ {posts} 篇文章等待确认，暂未推送（{reason}）。\n/held 查看并决定：逐篇推送、合并推送或忽略。\n\n\
         Posts that wait for you and are not sent: {posts}. /held shows them: announce, make a digest, or dismiss."
    )
}

/// The title; the post's id where there is nothing to see of one, so that no message is empty.
fn title(card: &Card) -> String {
    let title = cut(&clean(&card.title), TITLE_LIMIT);
    match title.is_empty() {
        true => cut(card.post.as_str(), TITLE_LIMIT),
        false => title,
    }
}

/// Who else tells the story, in a line of its own; nothing when nobody does.
fn also(card: &Card, language: &str) -> Message {
    let mut line = Message::default();
    for (source, url) in card.also.iter().take(SOURCES) {
        let source = cut(&clean(source).replace('\n', " "), 60);
        line.push(match (line.text.is_empty(), language) {
            (true, "en") => "\nAlso in: ",
            (true, _) => "\n同一报道另见：",
            (false, "en") => ", ",
            (false, _) => "、",
        });
        match web_address(url) {
            Some(url) => line.push_as(&source, &[Span::Link(url.to_owned())]),
            None => line.push(&source),
        }
    }
    line
}

/// Source, local time and hashtags.
fn tail(card: &Card, zones: Zones) -> String {
    let time = zones.clock(card.published);
    let mut tail = match card
        .source
        .as_deref()
        .map(clean)
        .filter(|source| !source.is_empty())
    {
        Some(source) => format!("{} · {time}", cut(&source, 60)),
        None => time,
    };
    let titles = card.topics.iter().map(|(_, title)| title);
    let mut hashtags: Vec<String> = Vec::new();
    for name in titles.chain(&card.tags) {
        if let Some(hashtag) = hashtag(name)
            && !hashtags.contains(&hashtag)
            && hashtags.len() < HASHTAGS
        {
            hashtags.push(hashtag);
        }
    }
    if !hashtags.is_empty() {
        tail.push('\n');
        tail.push_str(&hashtags.join(" "));
    }
    tail
}

/// Telegram ends a hashtag at anything but letters, digits and `_`, and wants at least one letter
/// (TDLib, MessageEntity.cpp).
fn hashtag(name: &str) -> Option<String> {
    let mut tag = String::from("#");
    for c in name.chars() {
        match c {
            c if c.is_alphanumeric() => tag.push(c),
            _ if tag.ends_with('_') || tag == "#" => {}
            _ => tag.push('_'),
        }
    }
    let tag = tag.trim_end_matches('_');
    let has_letter = tag.chars().any(char::is_alphabetic);
    (has_letter && tag.chars().count() <= 64).then(|| tag.to_owned())
}

/// Only web addresses become links: `tg://user?id=` would become a mention. Telegram refuses a message
/// with a link to a host without a dot, such as `localhost` (TDLib, LinkManager), so these stay text.
pub fn web_address(url: &str) -> Option<&str> {
    let parsed = url::Url::parse(url).ok().filter(|_| url.len() <= 2048)?;
    let is_web = matches!(parsed.scheme(), "http" | "https");
    let has_dot = parsed.host_str().is_some_and(|host| host.contains('.'));
    let is_one_word = !url.contains(|c: char| c.is_whitespace() || c.is_control());
    (is_web && has_dot && is_one_word).then_some(url)
}

/// Without control characters and without marks that turn the direction of the text around.
fn clean(text: &str) -> String {
    let hostile = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars()
        .filter(|c| !hostile(*c))
        .collect::<String>()
        .trim()
        .to_owned()
}

/// At most `limit` UTF-16 units, never inside what a reader sees as one character.
fn cut(text: &str, limit: usize) -> String {
    if utf16_len(text) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut length = 1;
    for grapheme in text.graphemes(true) {
        length += utf16_len(grapheme);
        if length > limit {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    kept
}

/// At most `limit` UTF-16 units, cut after a sentence where there is one.
fn cut_sentences(text: &str, limit: usize) -> String {
    if utf16_len(text) <= limit {
        return text.to_owned();
    }
    // Sentences are slices of the text without what stands between them, which a reader needs: line ends.
    let mut end = 0;
    for sentence in crate::summary::sentences(text) {
        let Some(at) = text.get(end..).and_then(|rest| rest.find(sentence)) else {
            break;
        };
        let next = end + at + sentence.len();
        if utf16_len(&text[..next]) > limit {
            break;
        }
        end = next;
    }
    match text[..end].trim() {
        "" => cut(text, limit),
        kept => kept.to_owned(),
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
