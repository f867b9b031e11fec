//! Posts of our own for the pictures: one of each sort that is hard to show.
//! In: nothing. Out: cards.

use tagwire::model::{PostId, PostTime};
use tagwire::store::Card;

/// 2026-11-20 10:01 in Beijing, in seconds since 1970.
const MORNING: i64 = 1_795_140_060;

fn card(number: i64, title: &str, summary: &str) -> Card {
    Card {
        post: PostId::new(format!("/haidai/2026/11/20/{number}")),
        title: title.into(),
        url: format!("https://news.example.cn/haidai/2026/11/20/{number}.html"),
        summary: summary.into(),
        source: Some("海岱日报".into()),
        published: PostTime::from_parts(MORNING + number * 60, 8 * 3600)
            .unwrap_or_else(PostTime::epoch),
        categories: vec!["haidairibao".into()],
        tags: vec!["海岱日报新闻".into()],
        topics: vec![("market".into(), "市场监管".into())],
        rules: Vec::new(),
        also: Vec::new(),
    }
}

/// An everyday post.
pub fn plain() -> Card {
    card(
        1,
        "三批次食品抽检不合格，企业已启动召回",
        "省市场监管部门公布第三批食品抽检结果，涉及十二大类商品共三千批次，不合格三批次。相关企业已启动召回，消费者可凭小票到购买处退货。",
    )
}

/// One whose editor wrote what it says.
pub fn with_digest() -> Card {
    card(
        2,
        "平台经济新规下月施行",
        "【要点】\n• 平台不得要求商家“二选一”。\n• 算法推荐须提供关闭选项。\n• 违规最高处上一年度销售额百分之五的罚款。",
    )
}

/// A title as long as some papers write them.
pub fn long_title() -> Card {
    let title = "关于进一步规范网络交易平台收费行为、减轻平台内经营者负担、促进平台经济健康有序发展的若干意见".repeat(5);
    let title: String = title.chars().take(200).collect();
    card(3, &title, "意见自印发之日起施行。")
}

/// Signs that markup would break on.
pub fn formulas() -> Card {
    card(
        4,
        "用 E = mc² 估算：if a < b && c > d { return *p; }",
        "文中给出 ∑ᵢ xᵢ² ≤ ‖x‖² 与 `let y = x_1 * x_2;`，并说明 <script> 标签、_下划线_ 和 [方括号](x) 会原样显示。",
    )
}

/// After its correction.
pub fn corrected() -> Card {
    card(
        5,
        "【更正】不合格批次为两批次，此前误作三批次",
        "经核实，不合格食品为两批次。",
    )
}

/// Told by three sources; the two others came later.
pub fn three_sources() -> Card {
    let other = |name: &str, path: &str| {
        (
            name.to_owned(),
            format!("https://news.example.cn/{path}.html"),
        )
    };
    Card {
        also: vec![
            other("环海晚报", "huanhai/2026/11/20/6"),
            other("沪江经济报", "hujiang/2026/11/20/7"),
        ],
        ..plain()
    }
}

/// What came over night.
pub fn thirty() -> Vec<Card> {
    let subjects = [
        "央行",
        "证监会",
        "市场监管总局",
        "沪江交易所",
        "海岱省政府",
        "环海海关",
    ];
    let acts = [
        "发布季度报告",
        "就新规征求意见",
        "通报典型案例",
        "公布上月数据",
        "召开新闻发布会",
    ];
    let pairs = subjects
        .iter()
        .flat_map(|who| acts.iter().map(move |what| format!("{who}{what}")));
    (10..)
        .zip(pairs)
        .map(|(number, title)| card(number, &title, ""))
        .collect()
}
