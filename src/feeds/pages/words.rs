//! Every word of the pages that is not the site's own, in Chinese and English.
//! In: the site's language. Out: words. No other language yet: others get English.
//! Keep them short: phones are narrow.

use crate::model::{Follow, LabelKind, Site};

pub(super) struct Words {
    pub skip: &'static str,
    pub home: &'static str,
    pub opml: &'static str,
    pub of_everything: &'static str,
    pub telegram: &'static str,
    pub search: &'static str,
    pub example: &'static str,
    pub none: &'static str,
    pub hint: &'static str,
    pub all_feeds: &'static str,
    pub subscribe_in: &'static str,
    /// A program on this device that takes `feed:` addresses.
    pub reader_app: &'static str,
    pub empty: &'static str,
    pub labels: &'static str,
    /// Above a feed that a browser shows. It stands in a CSS string: no quotes or backslashes.
    pub this_is_a_feed: &'static str,
    /// The site, topics, categories, tags: as headings of lists.
    pub headings: [&'static str; 4],
    /// The same for one.
    pub kinds: [&'static str; 4],
}

const CHINESE: Words = Words {
    skip: "跳到正文",
    home: "网站首页",
    opml: "全部订阅（OPML）",
    of_everything: "全站",
    telegram: "在 Telegram 关注",
    search: "查找订阅",
    example: "中文、拼音或首字母",
    none: "没有找到",
    hint: "复制 Atom、RSS 或 JSON 链接到阅读器即可订阅。",
    all_feeds: "全部订阅",
    subscribe_in: "一键订阅",
    reader_app: "本机阅读器",
    empty: "还没有文章。",
    labels: "标签",
    this_is_a_feed: "这是订阅源：把本页地址复制到阅读器即可订阅",
    headings: ["全站", "主题", "分类", "标签"],
    kinds: ["全站", "主题", "分类", "标签"],
};

const ENGLISH: Words = Words {
    skip: "Skip to content",
    home: "Website",
    opml: "All feeds (OPML)",
    of_everything: "everything",
    telegram: "Follow in Telegram",
    search: "Find a feed",
    example: "Name, pinyin or initials",
    none: "Nothing found",
    hint: "Copy an Atom, RSS or JSON link into your feed reader to subscribe.",
    all_feeds: "All feeds",
    subscribe_in: "Subscribe in",
    reader_app: "your own reader",
    empty: "No posts yet.",
    labels: "Labels",
    this_is_a_feed: "This is a feed: copy the address of this page into your reader",
    headings: ["Everything", "Topics", "Categories", "Tags"],
    kinds: ["Everything", "Topic", "Category", "Tag"],
};

impl Words {
    /// By the site's language.
    pub fn of(site: &Site) -> &'static Words {
        match site.language.to_ascii_lowercase().starts_with("zh") {
            true => &CHINESE,
            false => &ENGLISH,
        }
    }

    /// What sort of thing is followed.
    pub fn kind(&self, follow: &Follow) -> &'static str {
        match follow {
            Follow::Site => self.kinds[0],
            Follow::Label(label) => match label.kind {
                LabelKind::Topic | LabelKind::Words => self.kinds[1],
                LabelKind::Category => self.kinds[2],
                LabelKind::Tag => self.kinds[3],
            },
        }
    }
}
