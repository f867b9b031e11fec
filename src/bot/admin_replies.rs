//! What the bot says to admins, in Chinese and English.
//! In: figures, problems, held posts, chats, what admins did. Out: messages with buttons.

use chrono::DateTime;

use super::replies::{Words, shorten};
use crate::catalog::Counts;
use crate::model::time;
use crate::model::{Problem, Zone, counted};
use crate::store::{Action, ChatRow, Release, StoreCounts};
use crate::telegram::{Button, Message, Span};
use crate::topics::Backtest;

/// Figures for admins.
///
/// `tally`: updates, those of unknown kinds, those that came twice, commands that were passed over, and buttons
/// that were not ours.
pub fn stats(words: Words, posts: Counts, store: &StoreCounts, tally: [u64; 5]) -> Message {
    let [updates, unknown, repeated, slowed, forged] = tally;
    let deliveries: Vec<String> = store
        .deliveries
        .iter()
        .map(|(state, count)| format!("{state} {count}"))
        .collect();
    let deliveries = if deliveries.is_empty() {
        "0".to_owned()
    } else {
        deliveries.join(", ")
    };
    Message::plain(match words {
        Words::Zh => format!(
            "统计\n\n文章 {}，待发布 {}，已撤回 {}\n标签 {}，问题 {}\n会话 {}（停用 {}），订阅 {}（自定关键词 {}）\n等待确认 {}\n消息：{deliveries}\n去向不明过：{}\n启动以来收到 {updates} 个更新：不认识 {unknown}，重复 {repeated}，太频繁 {slowed}，伪造按钮 {forged}",
            posts.live,
            posts.waiting,
            posts.withdrawn,
            posts.labels,
            posts.problems,
            store.chats,
            store.suspended,
            store.subscriptions,
            store.own_rules,
            store.held,
            store.unknown,
        ),
        Words::En => format!(
            "Figures\n\nPosts {}, waiting {}, withdrawn {}\nLabels {}, problems {}\nChats {} (suspended {}), subscriptions {} ({} by own words)\nHeld posts {}\nMessages: {deliveries}\nOnce of unknown fate: {}\n{updates} updates since the start: unknown {unknown}, repeated {repeated}, slowed {slowed}, forged {forged}",
            posts.live,
            posts.waiting,
            posts.withdrawn,
            posts.labels,
            posts.problems,
            store.chats,
            store.suspended,
            store.subscriptions,
            store.own_rules,
            store.held,
            store.unknown,
        ),
    })
}

/// Problems of posts, the worst first.
pub fn problems(words: Words, problems: &[Problem], total: u64) -> Message {
    if problems.is_empty() {
        return Message::plain(words.pick("没有问题 👍", "No problems 👍"));
    }
    let mut message = Message::default();
    let head = match words {
        Words::Zh => format!("{total} 个问题"),
        Words::En => format!("{total} problems"),
    };
    message.push_as(&head, &[Span::Bold]);
    for problem in problems {
        message.push("\n\n");
        let place = match problem.line {
            0 => problem.path.clone(),
            line => format!("{}:{line}", problem.path),
        };
        message.push_as(&shorten(&place, 200), &[Span::Code]);
        let words = format!(
            "\n{} {}: {}; {}",
            problem.severity, problem.kind, problem.message, problem.help
        );
        message.push(&shorten(&words, 300));
    }
    message
}

/// Posts that wait for an admin, up to the number `newest`: the buttons are about these and none that come later.
pub fn held(words: Words, titles: &[(String, String)], total: i64, newest: i64) -> Message {
    if titles.is_empty() {
        return Message::plain(words.pick("没有等待确认的文章。", "No posts are waiting."));
    }
    let mut message = Message::plain(match words {
        Words::Zh => format!("{total} 篇文章等待确认："),
        Words::En => format!("Waiting for you: {}", counted(total.unsigned_abs(), "post")),
    });
    for (title, reason) in titles {
        message.push(&format!(
            "\n\n• {}\n  {}",
            shorten(title, 120),
            shorten(reason, 120)
        ));
    }
    message.buttons = vec![
        vec![
            Button::data(
                words.pick("逐篇推送", "Announce each"),
                format!("h:announce:{newest}"),
            ),
            Button::data(
                words.pick("合并推送", "One digest"),
                format!("h:digest:{newest}"),
            ),
        ],
        vec![Button::data(
            words.pick("全部忽略", "Dismiss all"),
            format!("h:dismiss:{newest}"),
        )],
    ];
    message
}

/// Held posts were decided about; `left` came later and wait on.
pub fn released(words: Words, count: u64, release: Release, left: i64) -> Message {
    let posts = counted(count, "post");
    let text = match (words, release) {
        (Words::Zh, Release::Announce) => format!("✅ 已推送 {count} 篇文章。"),
        (Words::Zh, Release::Digest) => format!("✅ 正在合并推送 {count} 篇文章。"),
        (Words::Zh, Release::Dismiss) => format!("已忽略 {count} 篇文章。"),
        (Words::En, Release::Announce) => format!("✅ Announcing {posts}."),
        (Words::En, Release::Digest) => format!("✅ Announcing {posts} in digests."),
        (Words::En, Release::Dismiss) => format!("{posts} dismissed."),
    };
    let mut message = Message::plain(text);
    if left > 0 {
        message.push(&match words {
            Words::Zh => format!("\n另有 {left} 篇等待确认：/held"),
            Words::En => format!(
                "\nStill waiting for you: {}. /held",
                counted(left.unsigned_abs(), "post")
            ),
        });
    }
    message
}

/// What goes to everybody, to be looked at first.
pub fn broadcast(words: Words, text: &str, chats: i64, key: &str) -> Message {
    let mut message = Message::plain(match words {
        Words::Zh => format!("将发给 {chats} 个会话：\n\n{text}"),
        Words::En => format!("This goes to {chats} chats:\n\n{text}"),
    });
    message.buttons = vec![vec![
        Button::data(words.pick("📣 发送", "📣 Send"), format!("b:{key}")),
        Button::data(words.pick("取消", "Cancel"), "b:no"),
    ]];
    message
}

/// How to use `/broadcast`, when there is no text, or too much of it.
pub fn broadcast_usage(words: Words, most: usize) -> Message {
    Message::plain(match words {
        Words::Zh => format!("用法：/broadcast 文字（最多 {most} 字）。发送前会先预览。"),
        Words::En => {
            format!("Use: /broadcast TEXT ({most} characters at most). You see it before it goes.")
        }
    })
}

/// What became of a broadcast; `None`: it was called off.
pub fn broadcast_done(words: Words, chats: Option<u64>) -> Message {
    Message::plain(match (words, chats) {
        (Words::Zh, Some(chats)) => format!("✅ 正在发给 {chats} 个会话。"),
        (Words::En, Some(chats)) => format!("✅ On its way to {chats} chats."),
        (Words::Zh, None) => "没有发送。".to_owned(),
        (Words::En, None) => "Nothing was sent.".to_owned(),
    })
}

/// What admins did, the newest first.
pub fn audit(words: Words, actions: &[Action], zone: Zone) -> Message {
    if actions.is_empty() {
        return Message::plain(words.pick("还没有记录。", "Nothing is recorded yet."));
    }
    let mut message = Message::default();
    message.push_as(words.pick("操作记录", "What admins did"), &[Span::Bold]);
    for action in actions {
        message.push(&format!(
            "\n{} · {} · {} · {}",
            clock(action.at, zone),
            action.user,
            action.action,
            shorten(&action.detail, 120)
        ));
    }
    message
}

/// All about a chat.
pub struct ChatFacts<'a> {
    /// What is kept of it.
    pub row: &'a ChatRow,
    /// What it follows, as people call it.
    pub follows: &'a [String],
    /// Its newest messages: title or id of the post, and the state.
    pub messages: &'a [(String, String)],
}

/// Answers `/chat`.
pub fn chat(words: Words, facts: &ChatFacts<'_>) -> Message {
    let row = facts.row;
    let mut message = Message::default();
    message.push_as(&shorten(&row.title, 100), &[Span::Bold]);
    message.push(&format!(
        "\n{} · {} · {}\n",
        row.chat, row.kind, row.language
    ));
    message.push(&match &row.suspended {
        Some(why) => format!(
            "{}{}",
            words.pick("已停用：", "Suspended: "),
            shorten(why, 120)
        ),
        None => words.pick("正常", "Active").to_owned(),
    });
    let shown = facts.follows.iter().take(20).cloned();
    let follows: Vec<String> = shown.map(|name| shorten(&name, 60)).collect();
    message.push(&format!(
        "\n\n{} {} · {}",
        words.pick("关注", "Follows"),
        facts.follows.len(),
        follows.join(", ")
    ));
    if !facts.messages.is_empty() {
        message.push(&format!(
            "\n\n{}",
            words.pick("最近的消息", "Newest messages")
        ));
    }
    for (post, state) in facts.messages {
        message.push(&format!("\n• {state} · {}", shorten(post, 80)));
    }
    message
}

/// No such chat is known.
pub fn no_chat(words: Words) -> &'static str {
    words.pick(
        "没有这个会话。用法：/chat 编号，或 /chat @频道名",
        "No such chat is known. Use: /chat ID, or /chat @channel",
    )
}

/// A topic and what it matched.
pub struct TopicFacts {
    /// Its id in the config.
    pub id: String,
    /// Its short name for callback data.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// All posts that it matches.
    pub posts: u64,
    /// Those of the last four weeks.
    pub month: u64,
}

/// Answers `/topic`.
pub fn topics(words: Words, topics: &[TopicFacts]) -> Message {
    if topics.is_empty() {
        return Message::plain(words.pick(
            "还没有主题。在 topics.dir 里放一个 YAML 文件，见 README。",
            "There are no topics. Put a YAML file into topics.dir; see the README.",
        ));
    }
    let mut message = Message::default();
    message.push_as(words.pick("主题", "Topics"), &[Span::Bold]);
    for topic in topics {
        message.push(&match words {
            Words::Zh => format!(
                "\n• {}（{}）：共 {} 篇，近四周 {} 篇",
                topic.title, topic.id, topic.posts, topic.month
            ),
            Words::En => format!(
                "\n• {} ({}): {}, {} in four weeks",
                topic.title,
                topic.id,
                counted(topic.posts, "post"),
                topic.month
            ),
        });
    }
    let shown = topics.iter().take(20);
    message.buttons = shown
        .map(|topic| {
            let text = format!("{} {}", words.pick("🔎 测试", "🔎 Test"), topic.title);
            vec![Button::data(shorten(&text, 40), format!("i:{}", topic.key))]
        })
        .collect();
    message
}

/// What a topic's rules say of the newest posts.
pub fn backtest(words: Words, title: &str, backtest: &Backtest) -> Message {
    let mut message = Message::default();
    message.push_as(&shorten(title, 60), &[Span::Bold]);
    let new = backtest.new_ones().count();
    message.push(&match words {
        Words::Zh => format!(
            "\n最近 {} 篇中命中 {} 篇，新命中 {new} 篇，不再命中 {} 篇。",
            backtest.looked,
            backtest.matched.len(),
            backtest.lost.len()
        ),
        Words::En => format!(
            "\nOf the newest {} posts {} match, {new} of them newly; {} match no longer.",
            backtest.looked,
            backtest.matched.len(),
            backtest.lost.len()
        ),
    });
    for found in backtest.lost.iter().chain(&backtest.matched).take(8) {
        let sign = match (found.verdict.matched, found.before) {
            (true, true) => "•",
            (true, false) => "＋",
            (false, _) => "－",
        };
        let hits = found.verdict.hits.iter().take(3);
        let hits: Vec<String> = hits.map(|hit| shorten(&hit.word, 20)).collect();
        message.push(&format!("\n{sign} {}", shorten(&found.title, 80)));
        if !hits.is_empty() {
            message.push(&format!(" · {}", hits.join(" ")));
        }
    }
    message
}

/// No topic has this id.
pub fn no_topic(words: Words) -> &'static str {
    words.pick(
        "没有这个主题。/topic 列出全部主题。",
        "There is no such topic. /topic lists all.",
    )
}

fn clock(at: i64, zone: Zone) -> String {
    let time = DateTime::from_timestamp_millis(at).unwrap_or_default();
    time::clock(time, zone)
}
