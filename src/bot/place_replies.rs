//! What the bot says of groups, channels and limits, in Chinese and English.
//! In: what happened. Out: messages and short words. The rest of the words is in `replies`.

use super::replies::{Choice, Words, following};
use crate::telegram::{Button, Message};

/// Too many commands; said once until it is quiet.
pub fn slow_down(words: Words) -> &'static str {
    words.pick(
        "命令太频繁了，请稍等一会儿再试。",
        "That is too many commands at once; please wait a little.",
    )
}

/// The chat follows as much as it may.
pub fn too_many_follows(words: Words, most: usize) -> String {
    match words {
        Words::Zh => format!("最多关注 {most} 项。先用 /following 取消一些，再关注新的。"),
        Words::En => {
            format!("{most} is the most that can be followed. Remove some with /following first.")
        }
    }
}

/// The first word in a group, in the language of whoever added the bot.
pub fn hello_group(words: Words, site: &str, bot: &str) -> Message {
    Message::plain(match words {
        Words::Zh => format!(
            "大家好！我会把「{site}」的新文章摘要发到这个群。\n群管理员发送 /follow@{bot} 加上关键词即可关注；在话题里发送，摘要就发到那个话题。\n说明：/help@{bot}"
        ),
        Words::En => format!(
            "Hello! I bring summaries of new posts of “{site}” to this group.\nIts administrators send /follow@{bot} with a word; sent in a topic, summaries go to that topic.\nHelp: /help@{bot}"
        ),
    })
}

/// The bot is back in a chat that had settings.
pub fn welcome_back(words: Words, follows: usize) -> Message {
    Message::plain(match words {
        Words::Zh => format!("我回来了，继续推送已关注的 {follows} 项。/following 可查看。"),
        Words::En => {
            format!("Back again: the {follows} things followed here go on. See /following.")
        }
    })
}

/// To whoever made the bot an administrator of a channel.
pub fn hello_channel(words: Words, title: &str, id: &str) -> Message {
    let mut message = Message::plain(match words {
        Words::Zh => format!(
            "我已是频道「{title}」的管理员（编号 {id}）。点下面的按钮，选择要发到频道的内容。"
        ),
        Words::En => format!(
            "I am an administrator of the channel “{title}” now (id {id}). Press the button to choose what it gets."
        ),
    });
    message.buttons = vec![vec![Button::data(
        words.pick("管理这个频道", "Manage this channel"),
        format!("c:{id}"),
    )]];
    message
}

/// To whoever took a right away from the bot.
pub fn may_not_write(words: Words, title: &str) -> Message {
    Message::plain(match words {
        Words::Zh => {
            format!("我在「{title}」没有发消息的权限了，推送已暂停，设置保留；恢复权限后自动继续。")
        }
        Words::En => format!(
            "I may no longer post in “{title}”: messages are paused, its settings are kept. They go on when I may."
        ),
    })
}

/// `/channel` without a name.
pub fn channel_help(words: Words) -> Message {
    Message::plain(words.pick(
        "管理你的频道：\n1. 把我加为频道管理员，并允许发布消息。\n2. 在这里发送 /channel @频道名（没有用户名的频道用数字编号，我成为管理员时会告诉你）。\n之后一小时内，/follow、/following、/unfollow、/latest 以及 /settings、/digest、/quiet、/pause 都针对该频道（/export 频道、/forget 频道也是）；/channel off 结束。",
        "To manage a channel of yours:\n1. Make me an administrator of it who may post messages.\n2. Send /channel @name here (or its numeric id, which I tell you when I become administrator).\nFor an hour, /follow, /following, /unfollow and /latest are then about that channel, and so are /settings, /digest, /quiet and /pause (and /export channel, /forget channel); /channel off ends it.",
    ))
}

/// The line above every reply that is about a channel.
pub fn about_channel(words: Words, title: &str) -> String {
    match words {
        Words::Zh => format!("📣 频道：{title}"),
        Words::En => format!("📣 Channel: {title}"),
    }
}

/// From now on commands are about a channel; with what it follows.
pub fn managing(words: Words, follows: &[(Choice, bool)], total: usize) -> Message {
    let mut message = following(words, follows, total, 0);
    message.text.push_str(words.pick(
        "\n\n一小时内，这里的 /follow、/following、/unfollow、/latest 以及 /settings、/digest、/quiet、/pause 都针对该频道。",
        "\n\nFor an hour, /follow, /following, /unfollow and /latest here are about this channel, and so are /settings, /digest, /quiet and /pause.",
    ));
    message
        .buttons
        .push(vec![Button::data(words.pick("结束管理", "Done"), "c:off")]);
    message
}

/// Commands are about the private chat again.
pub fn managing_no_more(words: Words) -> &'static str {
    words.pick(
        "好了，命令重新针对我们的私聊。",
        "Done: commands are about this chat again.",
    )
}

/// The channel cannot be seen: no such name, or the bot is not in it.
pub fn channel_unseen(words: Words, name: &str) -> String {
    match words {
        Words::Zh => format!("我看不到 {name}。请检查名称，并先把我加为该频道的管理员。"),
        Words::En => {
            format!(
                "I cannot see {name}. Check the name, and make me an administrator of it first."
            )
        }
    }
}

/// The caller is no administrator of the channel.
pub fn not_channel_admin(words: Words) -> &'static str {
    words.pick(
        "只有该频道中可以发布消息的管理员才能管理它。",
        "Only administrators of that channel who may post in it can manage it.",
    )
}

/// The bot lacks the right to post.
pub fn bot_may_not_post(words: Words) -> &'static str {
    words.pick(
        "⚠️ 我还没有在该频道发布消息的权限：请在频道的管理员设置里打开「发布消息」。",
        "⚠️ I may not post in that channel yet: allow “Post messages” in its administrators' settings.",
    )
}

/// `/channel` is for private chats.
pub fn channel_in_private(words: Words) -> &'static str {
    words.pick(
        "请在与我的私聊中使用 /channel。",
        "Please use /channel in a private chat with me.",
    )
}

/// Above the results in inline mode.
pub fn inline_button(words: Words, is_empty: bool) -> &'static str {
    if is_empty {
        words.pick("没有找到，换个词试试", "Nothing found; try another word")
    } else {
        words.pick("打开机器人，关注更多", "Open the bot to follow more")
    }
}

/// Below a result in inline mode.
pub fn inline_posts(words: Words, posts: u64) -> String {
    match words {
        Words::Zh => format!("{posts} 篇文章"),
        Words::En => crate::model::counted(posts, "post"),
    }
}

/// The button of a label that somebody shows to others.
pub fn inline_follow(words: Words) -> &'static str {
    words.pick("在机器人中关注", "Follow with the bot")
}
