//! What the bot says of rules of people's own, in Chinese and English.
//! In: a rule and what it finds. Out: messages with buttons. The rest of the words is in `replies`.

use super::replies::{Words, shorten};
use crate::catalog::Row;
use crate::telegram::{Button, Message, Span};
use crate::topics::NoRule;

/// Titles shown in a preview.
const SHOWN: usize = 5;

/// The button below what a search found: not a label, but the words themselves.
pub fn offer(words: Words, query: &str, key: &str) -> Button {
    let text = match words {
        Words::Zh => format!("🔎 关键词：{query}"),
        Words::En => format!("🔎 The words: {query}"),
    };
    Button::data(shorten(&text, 40), format!("w:{key}"))
}

/// What a rule would have found among the newest `looked` posts.
pub fn preview(
    words: Words,
    rule: &str,
    key: &str,
    found: &[Row],
    looked: usize,
    site_url: &str,
) -> Message {
    let mut message = Message::default();
    message.push(words.pick("关键词 ", "Words "));
    message.push_as(rule, &[Span::Bold]);
    message.push(&match words {
        Words::Zh => format!(
            "\n标题或正文含有全部关键词（带 - 的除外）的新文章会推送给您。\n\n最近 {looked} 篇中，符合的有 {} 篇",
            found.len()
        ),
        Words::En => format!(
            "\nYou get each new post that has all these words in title or text, and none after a minus.\n\nOf the newest {looked} posts, {} match",
            found.len()
        ),
    });
    message.push(if found.is_empty() {
        words.pick("。", ".")
    } else {
        words.pick("：", ":")
    });
    for row in found.iter().take(SHOWN) {
        message.push("\n• ");
        let title = shorten(&row.title, 80);
        let url = format!("{site_url}{}", row.url);
        match crate::delivery::message::web_address(&url) {
            Some(_) => message.push_as(&title, &[Span::Link(url)]),
            None => message.push(&title),
        }
    }
    message.buttons = vec![vec![Button::data(
        words.pick("✅ 关注", "✅ Follow"),
        format!("f:{key}"),
    )]];
    message
}

/// Why a rule is none, with an example.
pub fn no_rule(words: Words, why: NoRule) -> Message {
    let why = match why {
        NoRule::Empty => words.pick(
            "至少要有一个不带 - 的关键词。",
            "At least one word must be without a minus.",
        ),
        NoRule::Short => words.pick(
            "每个关键词至少两个字。",
            "Each word needs two characters at least.",
        ),
        NoRule::Long => words.pick(
            "最多 8 个关键词，每个最多 40 字。",
            "At most 8 words of at most 40 characters each.",
        ),
        NoRule::Both => words.pick(
            "同一个词不能既要又不要。",
            "A word cannot be wanted and excluded.",
        ),
    };
    let example = words.pick(
        "例如：/follow 反垄断 -证监会",
        "For example: /follow antitrust -appeal",
    );
    Message::plain(format!("{why}\n{example}"))
}
