//! Whole feeds, byte by byte, and the sample data that other tests here share.

use crate::model::Site;

/// A site below a folder, with an author.
pub fn site() -> Site {
    Site {
        title: "财经 & 新闻".to_owned(),
        url: "https://x.test/news".to_owned(),
        description: Some("每日 <财经> 新闻".to_owned()),
        author: Some("ZNing".to_owned()),
        language: "zh-CN".to_owned(),
        timezone: chrono_tz::Asia::Shanghai,
    }
}
