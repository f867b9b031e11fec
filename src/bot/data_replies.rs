//! What the bot says of what is kept, in Chinese and English.
//! In: nothing but the language. Out: texts, and the question before all is deleted.

use super::replies::Words;
use crate::telegram::{Button, Message};

/// What is kept, and what is not.
pub fn privacy(words: Words) -> &'static str {
    words.pick(
        "🔐 保存的内容\n• 会话编号、类型、名称和语言\n• 关注的内容和设置\n• 给这个会话发过哪些文章、何时、结果如何\n\n不保存您发来的消息、用户名、电话，也不统计点击。为防止刷屏，最近的用户编号只留在内存中。\n\n/export 导出，/forget 全部删除。",
        "🔐 What is kept\n• the number, kind, name and language of this chat\n• what it follows, and its settings\n• which posts it was sent, when, and what became of them\n\nWhat you write, user names and phone numbers are not kept, and clicks are not counted. Against floods, recent user numbers stay in memory only.\n\n/export shows it, /forget deletes all of it.",
    )
}

/// Below the file of all that is kept.
pub fn exported(words: Words) -> &'static str {
    words.pick(
        "这是这个会话保存的全部数据（JSON）。",
        "All that is kept about this chat, as JSON.",
    )
}

/// The question before all is deleted.
pub fn forget(words: Words) -> Message {
    let mut message = Message::plain(words.pick(
        "要删除这个会话的全部数据吗？关注、设置和推送记录都会删除，无法恢复。",
        "Delete all that is kept about this chat? What it follows, its settings and its messages’ records go, and cannot be brought back.",
    ));
    message.buttons = vec![vec![
        Button::data(words.pick("🗑 全部删除", "🗑 Delete all"), "x:yes"),
        Button::data(words.pick("取消", "Cancel"), "x:no"),
    ]];
    message
}

/// Nothing is left.
pub fn forgotten(words: Words) -> &'static str {
    words.pick(
        "已全部删除。发送 /start 可以重新开始。",
        "All is deleted. /start begins anew.",
    )
}

/// All is left.
pub fn kept(words: Words) -> &'static str {
    words.pick("没有删除任何内容。", "Nothing was deleted.")
}
