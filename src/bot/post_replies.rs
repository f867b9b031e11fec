//! What the bot says about posts: the newest, what a search found, why one came.
//! In: rows of the index and what the store knows. Out: messages with buttons, in Chinese and English.

use chrono::DateTime;

use super::replies::{Choice, Words, shorten};
use crate::catalog::Row;
use crate::model::Zone;
use crate::model::time::clock;
use crate::store::Fate;
use crate::telegram::{Button, Message, Span};

/// The newest posts.
pub fn latest(words: Words, rows: &[Row], site_url: &str, zone: Zone) -> Message {
    if rows.is_empty() {
        return Message::plain(words.pick(
            "还没有文章。发送 /follow 关注更多内容。",
            "No posts yet. Send /follow to follow more.",
        ));
    }
    let mut message = Message::default();
    message.push_as(words.pick("最新文章", "Newest posts"), &[Span::Bold]);
    for row in rows {
        message.push("\n\n• ");
        let title: String = row.title.chars().take(200).collect();
        let url = format!("{site_url}{}", row.url);
        match crate::delivery::message::web_address(&url) {
            Some(_) => message.push_as(&title, &[Span::Link(url)]),
            None => message.push(&title),
        }
        message.push(&format!("\n{}", row.published.clock(zone)));
        if let Some(source) = &row.source {
            message.push(&format!(
                " · {}",
                source.chars().take(40).collect::<String>()
            ));
        }
    }
    message
}

/// What a search found: a page of `rows` from the one after `from` on.
pub struct Hits<'a> {
    /// The rule's spelling.
    pub rule: &'a str,
    /// Its key in buttons.
    pub key: &'a str,
    /// A page.
    pub rows: &'a [Row],
    /// How many came before it.
    pub from: usize,
    /// Whether more follow.
    pub is_more: bool,
}

/// Answers `/search`.
pub fn hits(words: Words, hits: &Hits<'_>, site_url: &str, zone: Zone) -> Message {
    let mut message = if hits.rows.is_empty() {
        let rule = shorten(hits.rule, 60);
        Message::plain(match words {
            Words::Zh => format!("没有文章的标题或摘要含有「{rule}」。"),
            Words::En => format!("No title or summary has “{rule}”."),
        })
    } else {
        let mut message = latest(words, hits.rows, site_url, zone);
        let head = match words {
            Words::Zh => format!("「{}」", shorten(hits.rule, 60)),
            Words::En => format!("“{}”", shorten(hits.rule, 60)),
        };
        message = message.headed(&head);
        message
    };
    let mut pages = Vec::new();
    if hits.from > 0 {
        let back = hits.from.saturating_sub(super::commands::HITS);
        pages.push(Button::data(
            words.pick("‹ 上一页", "‹ Back"),
            format!("q:{back}:{}", hits.key),
        ));
    }
    if hits.is_more {
        let next = hits.from + hits.rows.len();
        pages.push(Button::data(
            words.pick("下一页 ›", "More ›"),
            format!("q:{next}:{}", hits.key),
        ));
    }
    message.buttons = vec![pages];
    message.buttons.retain(|row| !row.is_empty());
    message.buttons.push(vec![Button::data(
        words.pick("✅ 关注这些词", "✅ Follow these words"),
        format!("f:{}", hits.key),
    )]);
    message
}

/// How to use `/search`.
pub fn search_usage(words: Words) -> &'static str {
    words.pick(
        "用法：/search 反垄断 -证监会（带 - 的除外，每个词至少两个字）",
        "Use: /search antitrust -appeal (none after a minus; each word has two characters at least)",
    )
}

/// What is known of a post in a chat.
pub struct Reasons<'a> {
    /// The post's title.
    pub title: &'a str,
    /// Its address.
    pub url: &'a str,
    /// What the chat follows of it.
    pub follows: &'a [Choice],
    /// What was decided about the post: `announced`, `held`, `known`, `dismissed`; `None`: nothing yet.
    pub decision: Option<&'a str>,
    /// What became of the message.
    pub fate: Option<&'a Fate>,
    /// Other sources of the same story.
    pub also: &'a [(String, String)],
}

/// Answers `/why`.
pub fn why(words: Words, reasons: &Reasons<'_>, zone: Zone) -> Message {
    let mut message = Message::default();
    let title = shorten(reasons.title, 200);
    match crate::delivery::message::web_address(reasons.url) {
        Some(url) => message.push_as(&title, &[Span::Bold, Span::Link(url.to_owned())]),
        None => message.push_as(&title, &[Span::Bold]),
    }
    message.push("\n\n");
    message.push(&follows_line(words, reasons.follows));
    message.push("\n");
    message.push(&outcome(words, reasons, zone));
    for (at, (source, url)) in reasons.also.iter().take(5).enumerate() {
        message.push(match at {
            0 => words.pick("\n同一报道另见：", "\nAlso in: "),
            _ => words.pick("、", ", "),
        });
        let source = shorten(source, 60);
        match crate::delivery::message::web_address(url) {
            Some(url) => message.push_as(&source, &[Span::Link(url.to_owned())]),
            None => message.push(&source),
        }
    }
    message
}

/// The short answer of the button below a message: 200 characters at most (Bot API `answerCallbackQuery`).
pub fn why_short(words: Words, follows: &[Choice]) -> String {
    shorten(&follows_line(words, follows), 200)
}

fn follows_line(words: Words, follows: &[Choice]) -> String {
    let names: Vec<String> = follows.iter().map(|choice| words.named(choice)).collect();
    match (words, names.is_empty()) {
        (Words::Zh, true) => "这里现在没有关注它的任何标签。".to_owned(),
        (Words::En, true) => "This chat follows none of its labels now.".to_owned(),
        (Words::Zh, false) => format!("因为这里关注了：{}", names.join("、")),
        (Words::En, false) => format!("Because this chat follows: {}", names.join(", ")),
    }
}

fn outcome(words: Words, reasons: &Reasons<'_>, zone: Zone) -> String {
    let Some(fate) = reasons.fate else {
        let text = match reasons.decision {
            None => words.pick(
                "还没有处理到这篇文章。",
                "This post was not decided about yet.",
            ),
            Some("known") => words.pick(
                "没有推送：首次启动之前就有这篇文章（或恢复备份时视为已推送）。",
                "Not sent: the post was there before the first start, or counts as sent since a backup was restored.",
            ),
            Some("held") => words.pick(
                "没有推送：正在等管理员确认。",
                "Not sent: it waits for an admin.",
            ),
            Some("dismissed") => words.pick(
                "没有推送：管理员忽略了它。",
                "Not sent: an admin dismissed it.",
            ),
            Some(_) => words.pick(
                "没有推送：发布时这里还没有关注，或它当时没有这些标签。",
                "Not sent: this chat did not follow it yet, or the post had other labels then.",
            ),
        };
        return text.to_owned();
    };
    let at = fate.settled_at.and_then(DateTime::from_timestamp_millis);
    let at = at.map(|at| clock(at, zone));
    let at = at.unwrap_or_default();
    let reason = fate.reason.as_deref().unwrap_or_default();
    match (fate.state.as_str(), words) {
        ("sent", Words::Zh) => format!("已于 {at} 推送。"),
        ("sent", Words::En) => format!("Sent at {at}."),
        ("pending" | "sending", Words::Zh) => "正在排队。".to_owned(),
        ("pending" | "sending", Words::En) => "It waits for its turn.".to_owned(),
        ("held", Words::Zh) => "放进了合并推送。".to_owned(),
        ("held", Words::En) => "It is part of a digest.".to_owned(),
        ("unknown", Words::Zh) => "发送后没有收到 Telegram 的回答，可能已送达。".to_owned(),
        ("unknown", Words::En) => {
            "It was sent, but Telegram's answer was lost; it may have arrived.".to_owned()
        }
        ("failed", Words::Zh) => format!("Telegram 不接受这条消息：{}", shorten(reason, 120)),
        ("failed", Words::En) => format!("Telegram refused the message: {}", shorten(reason, 120)),
        (_, words) => format!(
            "{}{}",
            words.pick("没有推送：", "Not sent: "),
            skipped(words, reason)
        ),
    }
}

/// The reasons that the store gives, in words for people.
fn skipped(words: Words, reason: &str) -> String {
    let known = [
        (
            "same story as",
            words.pick(
                "同一报道已由另一来源推送。",
                "the same story came from another source.",
            ),
        ),
        (
            "the chat does not follow",
            words.pick("推送前取消了关注。", "the chat had stopped following."),
        ),
        (
            "it waited longer",
            words.pick("等待太久，已过期。", "it waited too long."),
        ),
    ];
    let found = { known.iter() }.find(|(begin, _)| reason.starts_with(begin));
    found.map_or_else(|| shorten(reason, 120), |(_, text)| (*text).to_owned())
}

/// Which post is meant is not known.
pub fn no_post(words: Words) -> &'static str {
    words.pick(
        "不知道指的是哪篇文章。请用 /why 回复一条推送，或发送 /why 加上文章地址或标题的一部分。",
        "Which post do you mean? Answer one of the messages with /why, or send /why with the post's address or a part of its title.",
    )
}

/// The feeds of what a chat follows: a title and an address each, and the list of all feeds.
pub fn feeds(words: Words, feeds: &[(String, String)], rest: usize, all: Option<&str>) -> Message {
    let mut message = Message::default();
    if feeds.is_empty() {
        message.push(words.pick(
            "还没有关注任何有订阅源的内容。",
            "Nothing is followed that has a feed.",
        ));
    } else {
        message.push_as(words.pick("订阅源", "Feeds"), &[Span::Bold]);
    }
    for (title, url) in feeds {
        message.push(&format!("\n\n{}\n{url}", shorten(title, 80)));
    }
    if rest > 0 {
        message.push(&match words {
            Words::Zh => format!("\n\n（另有 {rest} 个）"),
            Words::En => format!("\n\n(and {rest} more)"),
        });
    }
    if let Some(all) = all {
        let heading = words.pick("全部订阅源", "All feeds");
        message.push(&format!("\n\n{heading}\n{all}"));
    }
    message
}

/// Which subscriptions a message came by, with a way to mute or end each.
pub fn mute_menu(words: Words, choices: &[Choice]) -> Message {
    let mut message = Message::plain(words.pick(
        "这条消息来自以下关注，静音后新消息不再响铃：",
        "This message came by these. Muted ones come without a sound:",
    ));
    for choice in choices {
        let name = shorten(&words.named(choice), 28);
        message.buttons.push(vec![
            Button::data(format!("🔕 {name}"), format!("k:1{}", choice.key)),
            Button::data(
                words.pick("取消关注", "Unfollow"),
                format!("u:{}", choice.key),
            ),
        ]);
    }
    message
}

/// Muted, or no longer; with a way back.
pub fn muted(words: Words, choice: &Choice, is_muted: bool) -> Message {
    let mut message = Message::default();
    message.push(match (words, is_muted) {
        (Words::Zh, true) => "🔕 已静音 ",
        (Words::Zh, false) => "🔔 已恢复响铃 ",
        (Words::En, true) => "🔕 Muted ",
        (Words::En, false) => "🔔 With sound again: ",
    });
    message.push_as(&words.named(choice), &[Span::Bold]);
    let back = match (words, is_muted) {
        (Words::Zh, true) => "🔔 恢复响铃",
        (Words::Zh, false) => "🔕 静音",
        (Words::En, true) => "🔔 Unmute",
        (Words::En, false) => "🔕 Mute",
    };
    message.buttons = vec![vec![
        Button::data(back, format!("k:{}{}", u8::from(!is_muted), choice.key)),
        Button::data(
            words.pick("取消关注", "Unfollow"),
            format!("u:{}", choice.key),
        ),
    ]];
    message
}
