//! The command menus, by language and by who sees them.
//! In: a language and a scope. Out: commands with a few words each (Bot API `setMyCommands`).

use serde_json::json;

use super::context::Context;
use super::replies::Words;

/// Who sees a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Menu {
    /// A person, or an administrator of a group.
    Private,
    /// Members of a group: what they may use there.
    Group,
    /// An admin of the site.
    Admin,
}

/// Command, Chinese, English, whether members of groups may use it.
const COMMANDS: &[(&str, &str, &str, bool)] = &[
    (
        "follow",
        "关注主题、分类或标签",
        "Follow a topic, category or tag",
        false,
    ),
    (
        "following",
        "查看已关注的内容",
        "What this chat follows",
        true,
    ),
    ("unfollow", "取消关注", "Stop following", false),
    ("latest", "最新文章", "Newest posts", true),
    (
        "search",
        "在标题和摘要里搜索",
        "Search titles and summaries",
        true,
    ),
    (
        "why",
        "为什么收到或没收到",
        "Why a post came, or did not",
        true,
    ),
    (
        "feeds",
        "已关注内容的订阅源",
        "Feeds of what this chat follows",
        true,
    ),
    (
        "settings",
        "推送时间、静音、语言等设置",
        "Hours, sound, language and more",
        false,
    ),
    (
        "digest",
        "合并推送的时间",
        "Gather posts into digests",
        false,
    ),
    ("quiet", "免打扰时间", "Quiet hours", false),
    ("pause", "暂停推送", "Pause messages", false),
    ("resume", "恢复推送", "Resume messages", false),
    ("channel", "管理频道", "Manage a channel", false),
    ("export", "导出我的数据", "Show what is kept", false),
    ("forget", "删除我的数据", "Delete what is kept", false),
    ("privacy", "隐私说明", "What is kept and what not", true),
    ("help", "使用说明", "How to use this bot", true),
];

/// The same for admins alone.
const ADMIN: &[(&str, &str, &str)] = &[
    ("stats", "统计", "Figures"),
    ("problems", "文章问题", "Problems of posts"),
    ("held", "等待确认的文章", "Posts that wait for you"),
    ("topic", "主题及其最近的命中", "Topics and what they match"),
    ("chat", "一个会话的情况", "All about a chat"),
    ("broadcast", "发给所有会话", "A word to every chat"),
    ("audit", "操作记录", "What admins did"),
];

/// A menu.
pub fn of(words: Words, menu: Menu) -> Vec<(&'static str, &'static str)> {
    let seen = COMMANDS
        .iter()
        .filter(|(_, _, _, for_members)| menu != Menu::Group || *for_members);
    let mut all: Vec<_> = seen
        .map(|(command, zh, en, _)| (*command, words.pick(*zh, *en)))
        .collect();
    if menu == Menu::Admin {
        all.extend(
            ADMIN
                .iter()
                .map(|(command, zh, en)| (*command, words.pick(*zh, *en))),
        );
    }
    all
}

/// Sets the command menus, once at the start: for people, for groups, and for each admin.
pub async fn announce(context: &Context) {
    let mut scopes = vec![
        (Menu::Private, json!({"type": "all_private_chats"})),
        (Menu::Group, json!({"type": "all_group_chats"})),
        (Menu::Private, json!({"type": "all_chat_administrators"})),
    ];
    let own = context.admins.iter();
    scopes.extend(own.map(|id| (Menu::Admin, json!({"type": "chat", "chat_id": id}))));
    for (menu, scope) in scopes {
        for language in [None, Some("en")] {
            let words = Words::of(Some(language.unwrap_or("zh")));
            let menu = of(words, menu);
            let set = context.telegram.set_commands(&menu, &scope, language).await;
            if let Err(error) = set {
                // An admin who never wrote to the bot is no chat to it yet.
                tracing::warn!(%error, %scope, "the command menu cannot be set");
            }
        }
    }
}

/// Every command of the menus.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    let people = COMMANDS.iter().map(|(command, ..)| *command);
    people.chain(ADMIN.iter().map(|(command, ..)| *command))
}
