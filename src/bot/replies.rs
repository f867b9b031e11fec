//! All words that the bot says to people, one small function a sentence, in Chinese and English.
//! In: what happened. Out: messages with buttons. Names of labels are shown as their authors wrote them.

use crate::model::{Follow, LabelKind};
use crate::telegram::{Button, Message, Span};

/// The language that a chat is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// A label as a button or a line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it is.
    pub follow: Follow,
    /// What people call it.
    pub title: String,
    /// Short name for callback data.
    pub key: String,
    /// Posts that carry it.
    pub posts: u64,
    /// Those of the last four weeks; not known of people's own rules.
    pub month: Option<u64>,
}

/// Buttons hold little text.
const BUTTON_CHARACTERS: usize = 40;
/// Labels shown at a time: as many as a phone shows without scrolling far.
pub const PAGE: usize = 8;
/// Bytes that a paging button may carry: what seals leave, less the channel that it may be about.
const LONGEST_PAGE: usize = 38;

impl Words {
    /// Chinese unless the code names another language.
    pub fn of(code: Option<&str>) -> Words {
        match code {
            None | Some("") => Words::Zh,
            Some(code) if code.starts_with("zh") => Words::Zh,
            Some(_) => Words::En,
        }
    }

    /// `zh` or `en`, as the store keeps it.
    pub fn code(self) -> &'static str {
        self.pick("zh", "en")
    }

    pub(super) fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Words::Zh => zh,
            Words::En => en,
        }
    }

    fn kind(self, follow: &Follow) -> &'static str {
        match follow {
            Follow::Site => self.pick("全站", "Site"),
            Follow::Label(label) => match label.kind {
                LabelKind::Topic => self.pick("主题", "Topic"),
                LabelKind::Category => self.pick("分类", "Category"),
                LabelKind::Tag => self.pick("标签", "Tag"),
                LabelKind::Words => self.pick("关键词", "Words"),
            },
        }
    }

    /// How much comes: a week, or in four weeks when that is less than one a week.
    fn often(self, choice: &Choice) -> Option<String> {
        let month = choice.month?;
        let week = (month + 2) / 4;
        Some(match (self, month) {
            (Words::Zh, 0) => "近期没有".into(),
            (Words::Zh, 1..4) => format!("四周 {month} 篇"),
            (Words::Zh, _) => format!("每周 {week} 篇"),
            (Words::En, 0) => "none lately".into(),
            (Words::En, 1..4) => format!("{month} in four weeks"),
            (Words::En, _) => format!("{week} a week"),
        })
    }

    pub(super) fn named(self, choice: &Choice) -> String {
        format!("{} · {}", self.kind(&choice.follow), choice.title)
    }
}

/// The greeting, with the topics to start with.
pub fn welcome(words: Words, site: &str, topics: &[Choice]) -> Message {
    let text = match words {
        Words::Zh => format!(
            "欢迎！这里把「{site}」的新文章摘要发到 Telegram。\n点下面的主题即可关注，或发送 /follow 加上关键词查找分类和标签。"
        ),
        Words::En => format!(
            "Welcome! This bot sends summaries of new posts of “{site}”.\nPick a topic below, or send /follow with a word to find categories and tags."
        ),
    };
    with_choices(Message::plain(text), words, topics)
}

/// The help text.
pub fn help(words: Words, admin: bool) -> Message {
    let mut text = words
        .pick(
            "使用说明\n\n/follow 关键词 — 查找并关注主题、分类或标签\n/following — 已关注的内容\n/unfollow — 取消关注\n/latest — 已关注内容的最新文章；/latest 关键词 — 某个标签的最新文章\n/search 关键词 — 搜索文章；/why — 回复一条消息，看看为什么收到；/feeds — 订阅源地址\n/follow 反垄断 -证监会 — 关注自己的关键词，带 - 的除外\n/settings — 推送时间、静音、篇幅、时区、语言；/digest、/quiet、/pause、/resume\n/privacy — 保存了什么；/export 导出，/forget 删除\n\n群组中只有管理员可以更改设置。",
            "How to use this bot\n\n/follow WORD — find and follow a topic, category or tag\n/following — what this chat follows\n/unfollow — stop following\n/latest — newest posts of what you follow; /latest WORD — of a label\n/search WORDS — find posts; /why — answer a message with it to learn why it came; /feeds — feed addresses\n/follow antitrust -appeal — follow words of your own, none after a minus\n/settings — hours, sound, length, time zone, language; /digest, /quiet, /pause, /resume\n/privacy — what is kept; /export shows it, /forget deletes it\n\nIn groups only administrators change settings.",
        )
        .to_owned();
    if admin {
        text.push_str(words.pick(
            "\n\n管理员：\n/stats — 统计\n/problems — 文章问题\n/held — 等待确认的文章\n/topic — 主题及其最近的命中\n/chat 编号 — 一个会话的情况\n/broadcast 文字 — 发给所有会话（先预览）\n/audit — 管理员做过什么",
            "\n\nAdmins:\n/stats — figures\n/problems — problems of posts\n/held — posts that wait for you\n/topic — topics and what they matched lately\n/chat ID — all about a chat\n/broadcast TEXT — to every chat, after a preview\n/audit — what admins did",
        ));
    }
    Message::plain(text)
}

/// What a search found.
pub fn found(words: Words, query: &str, choices: &[Choice], total: usize, from: usize) -> Message {
    if choices.is_empty() {
        let query = shorten(query, 60);
        return Message::plain(match words {
            Words::Zh => format!(
                "没有找到与「{query}」相符的主题、分类或标签。换个词试试，或只写其中一部分；拼音、首字母也可以。"
            ),
            Words::En => format!(
                "Nothing matches “{query}”. Try another word, or only a part of it; pinyin and initials will do."
            ),
        });
    }
    let last = from + choices.len();
    let is_cut = total > choices.len();
    let mut text = match words {
        Words::Zh if is_cut => format!(
            "找到 {total} 个，这是第 {}–{last} 个，点按即可关注：",
            from + 1
        ),
        Words::Zh => format!("找到 {total} 个，点按即可关注："),
        Words::En if is_cut => format!(
            "{total} found, these are {}–{last}. Press to follow:",
            from + 1
        ),
        Words::En => format!("{total} found. Press to follow:"),
    };
    let pages = pages(words, from, last, total, |at| format!("s:{at}:{query}"));
    if is_cut && pages.is_none() {
        text.push_str(words.pick(
            "\n（多写几个字可以缩小范围）",
            "\n(Write more to narrow it down.)",
        ));
    }
    let mut message = with_choices(Message::plain(text), words, choices);
    message
        .buttons
        .extend(pages.into_iter().filter(|row| !row.is_empty()));
    message
}

/// Buttons to the pages before and after; `None` when they cannot carry what was asked.
pub(super) fn pages(
    words: Words,
    from: usize,
    last: usize,
    total: usize,
    data: impl Fn(usize) -> String,
) -> Option<Vec<Button>> {
    let back = from.saturating_sub(PAGE);
    let longest = data(from.max(last));
    if longest.len() > LONGEST_PAGE || longest.contains('@') {
        return None;
    }
    let mut row = Vec::new();
    if from > 0 {
        row.push(Button::data(words.pick("‹ 上一页", "‹ Back"), data(back)));
    }
    if last < total {
        row.push(Button::data(words.pick("下一页 ›", "More ›"), data(last)));
    }
    Some(row)
}

/// Topics to choose from, when no word was given.
pub fn suggestions(words: Words, topics: &[Choice]) -> Message {
    let text = words.pick(
        "想关注什么？点下面的主题，或发送：\n/follow 关键词",
        "What would you like to follow? Press a topic, or send:\n/follow WORD",
    );
    with_choices(Message::plain(text), words, topics)
}

fn with_choices(mut message: Message, words: Words, choices: &[Choice]) -> Message {
    for choice in choices {
        let often = match words.often(choice) {
            Some(often) => format!("（{often}）"),
            None => String::new(),
        };
        let room = BUTTON_CHARACTERS.saturating_sub(often.chars().count());
        let text = format!("{}{often}", shorten(&words.named(choice), room));
        message
            .buttons
            .push(vec![Button::data(text, format!("f:{}", choice.key))]);
    }
    message
}

/// Followed, or followed already; with a way back.
pub fn followed(words: Words, choice: &Choice, new: bool) -> Message {
    let mut message = Message::default();
    message.push(match (words, new) {
        (Words::Zh, true) => "✅ 已关注 ",
        (Words::Zh, false) => "已经关注过 ",
        (Words::En, true) => "✅ Following ",
        (Words::En, false) => "Already following ",
    });
    message.push_as(&words.named(choice), &[Span::Bold]);
    if let Some(often) = words.often(choice) {
        message.push(&match words {
            Words::Zh => format!("（{often}）"),
            Words::En => format!(" ({often})"),
        });
    }
    message.push(words.pick(
        "\n有新文章时会收到摘要。",
        "\nYou get a summary of each new post.",
    ));
    message.buttons = vec![vec![Button::data(
        words.pick("取消关注", "Unfollow"),
        format!("u:{}", choice.key),
    )]];
    message
}

/// No longer followed; with a way back.
pub fn unfollowed(words: Words, choice: &Choice) -> Message {
    let mut message = Message::default();
    message.push(words.pick("已取消关注 ", "No longer following "));
    message.push_as(&words.named(choice), &[Span::Bold]);
    message.buttons = vec![vec![Button::data(
        words.pick("撤销", "Undo"),
        format!("f:{}", choice.key),
    )]];
    message
}

/// What the chat follows, a page of it from `from` on, each with a button to remove it and one for its sound.
pub fn following(words: Words, choices: &[(Choice, bool)], total: usize, from: usize) -> Message {
    if total == 0 {
        return Message::plain(words.pick(
            "还没有关注任何内容。发送 /follow 开始。",
            "Nothing is followed yet. Send /follow to begin.",
        ));
    }
    let mut message = Message::plain(match words {
        Words::Zh => format!("已关注 {total} 项，点按可取消："),
        Words::En => format!("{total} followed. Press to remove:"),
    });
    for (choice, is_muted) in choices {
        let text = format!("✕ {}", words.named(choice));
        let bell = if *is_muted { "🔕" } else { "🔔" };
        message.buttons.push(vec![
            Button::data(short(&text), format!("u:{}", choice.key)),
            Button::data(bell, format!("k:{}{}", u8::from(!is_muted), choice.key)),
        ]);
    }
    let last = from + choices.len();
    let pages = pages(words, from, last, total, |at| format!("l:{at}"));
    message
        .buttons
        .extend(pages.into_iter().filter(|row| !row.is_empty()));
    message
}

/// The caller may not change what this chat follows.
pub fn not_manager(words: Words) -> &'static str {
    words.pick(
        "只有本群管理员可以更改设置。",
        "Only administrators of this chat may change its settings.",
    )
}

/// The caller is no admin.
pub fn not_admin(words: Words) -> &'static str {
    words.pick("此命令仅供管理员使用。", "This command is for admins only.")
}

/// A command that does not exist.
pub fn unknown_command(words: Words) -> &'static str {
    words.pick(
        "不认识这个命令。发送 /help 查看说明。",
        "Unknown command. Send /help.",
    )
}

/// A button from another time, or a forged one.
pub fn stale_button(words: Words) -> &'static str {
    words.pick(
        "这个按钮已失效，请重新发送命令。",
        "This button no longer works; send the command again.",
    )
}

/// Something of ours failed.
pub fn failed(words: Words) -> &'static str {
    words.pick(
        "出了点问题，请稍后再试。",
        "Something went wrong; please try again later.",
    )
}

fn short(text: &str) -> String {
    shorten(text, BUTTON_CHARACTERS)
}

pub(super) fn shorten(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(characters - 1).collect();
    kept.push('…');
    kept
}
