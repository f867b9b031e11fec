//! Twins and confusers, made by a generator.

use super::story::{Rules, Settings, Story};

/// What a made article is filled with.
#[derive(Clone)]
struct Form {
    who: &'static str,
    day: u32,
    count: u32,
    share: u32,
    what: &'static str,
    chief: &'static str,
}

const WHO: [&str; 8] = [
    "青屿药业",
    "望川建材",
    "北辰精密",
    "临海银行",
    "云麓能源",
    "岚图传感",
    "南岭乳业",
    "港湾物流",
];
const WHAT: [&str; 6] = [
    "冷链食品",
    "住宅电梯",
    "加油机",
    "儿童玩具",
    "燃气灶具",
    "电动自行车",
];
const CHIEF: [&str; 5] = ["林可", "周宁", "程一鸣", "许青", "何川"];

fn form(seed: u32) -> Form {
    Form {
        who: WHO[seed as usize % WHO.len()],
        day: seed % 27 + 1,
        count: 1_000 + seed * 37,
        share: seed % 89 + 10,
        what: WHAT[seed as usize % WHAT.len()],
        chief: CHIEF[seed as usize % CHIEF.len()],
    }
}

/// The four kinds of article that come most: a notice, an announcement, a price, a report.
fn article(kind: u32, f: &Form) -> (String, String) {
    let Form {
        who,
        day,
        count,
        share,
        what,
        chief,
    } = f;
    match kind % 4 {
        0 => (
            format!("{what}抽检{count}批次 合格率{share}.4%"),
            format!(
                "11月{day}日，海岱省市场监督管理局公布{what}监督抽检结果。全省共抽检{what}样品{count}批次，合格率为{share}.4%。不合格项目主要集中在标识和强度两个方面，涉事企业已被立案调查。\n省局有关负责人{chief}表示，对不合格产品将依法召回、下架，并向社会公布处置结果。\n消费者购买时应查看标识，发现违法行为可以拨打热线投诉举报。"
            ),
        ),
        1 => (
            format!("{who}：股东拟减持不超过{share}万股"),
            format!(
                "{who}11月{day}日晚间公告，公司股东因自身资金需要，计划自公告之日起十五个交易日后的六个月内，以集中竞价方式减持公司股份不超过{share}万股，占公司总股本的1.{share}%。减持价格按市场价格确定。\n公司董事会秘书{chief}表示，本次减持不会导致公司控制权发生变更，不会对公司治理结构和持续经营产生重大影响。\n公司将督促股东严格遵守有关规定，及时履行信息披露义务。"
            ),
        ),
        2 => (
            format!("国内成品油价格11月{day}日调整"),
            format!(
                "自11月{day}日24时起，国内汽油、柴油价格每吨分别下调{share}元和{count}元。折合升价，92号汽油每升下调0.{share}元。\n本轮调价周期内，国际原油价格震荡下行，需求前景不明是主要原因。业内人士{chief}认为，下一轮调价窗口临近，价格仍有下行空间。\n主管部门要求各地加强市场监督检查，严厉查处不执行国家价格政策的行为，维护正常市场秩序。"
            ),
        ),
        _ => (
            format!("{who}发布三季报 净利同比增长{share}%"),
            format!(
                "{who}{day}日发布三季度报告，前三季度实现营业收入{count}万元，归属于上市公司股东的净利润同比增长{share}%。公司称，业绩增长主要来自{what}业务订单增加和原材料价格回落。\n公司负责人{chief}在业绩说明会上介绍，新建生产线已经投产，四季度产能利用率有望继续提升。\n截至三季度末，公司研发投入占营业收入的比重继续上升，研发人员数量创历史新高。"
            ),
        ),
    }
}

/// How another paper prints the same article.
fn twin(way: u32, title: &str, text: &str) -> (String, String) {
    let lines: Vec<&str> = text.lines().collect();
    match way % 7 {
        0 => (title.to_owned(), format!("本报讯（记者 林可）{text}")),
        1 => ("市场监管今日要闻一览".to_owned(), text.to_owned()),
        2 => (title.to_owned(), lines[..2].join("\n")),
        3 => (title.to_owned(), lines[0].to_owned()),
        4 => (
            format!("快讯：{title}"),
            format!("{text}\n编辑部将持续关注后续进展，欢迎读者提供线索。"),
        ),
        5 => (
            title.to_owned(),
            text.replace("表示，", "称，").replace("公布", "发布"),
        ),
        _ => (
            title.to_owned(),
            format!("沪江社上海11月30日电 {}", text.replace('\n', "")),
        ),
    }
}

/// The same form, filled in anew in one place.
fn confuser(way: u32, f: &Form, kind: u32) -> Form {
    let mut other = f.clone();
    match (way % 4, kind % 4) {
        (0, _) => other.day += 1,
        (1, 2) | (2, _) => other.share += 1,
        (1, 0) => {
            other.what = WHAT[(WHAT.iter().position(|w| w == &f.what).unwrap() + 1) % WHAT.len()]
        }
        (1, _) => other.who = WHO[(WHO.iter().position(|w| w == &f.who).unwrap() + 1) % WHO.len()],
        _ => {
            other.chief =
                CHIEF[(CHIEF.iter().position(|c| c == &f.chief).unwrap() + 1) % CHIEF.len()]
        }
    }
    other
}

fn story((title, text): &(String, String)) -> Story {
    Story::new(None, None, title, text)
}

#[test]
fn twins_are_found_and_no_confuser_is_taken_for_one() {
    let rules = Rules::new(&Settings::default()).unwrap();
    let (mut found, mut twins, mut wrong, mut confusers) = (0, 0, Vec::new(), 0);
    for seed in 0..280 {
        let form = form(seed);
        let original = article(seed, &form);
        let other = twin(seed / 4, &original.0, &original.1);
        twins += 1;
        found += u32::from(rules.same(&story(&original), &story(&other)));
        let confused = article(seed, &confuser(seed / 4, &form, seed));
        // A confuser that another paper prints is a confuser still.
        for confused in [twin(seed / 5, &confused.0, &confused.1), confused] {
            // Where the cut took away what differs, nobody can tell.
            if original.1.contains(&confused.1) {
                continue;
            }
            confusers += 1;
            if rules.same(&story(&original), &story(&confused)) {
                wrong.push((original.clone(), confused));
            }
        }
    }
    println!(
        "twins {found} of {twins}, confusers taken for twins {} of {confusers}",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(3)]);
    assert!(found * 10 >= twins * 9, "{found} of {twins}");
}

#[test]
fn the_number_in_the_file_name_joins_whatever_the_texts_say() {
    let rules = Rules::new(&Settings::default()).unwrap();
    let key = |path| rules.key(path).map(str::to_owned);
    let a = key("posts/2022-05-31-202205312398034850.md");
    let b = key("old/2022-05-31-NW202205312398034850.md");
    assert_eq!(a.as_deref(), Some("202205312398034850"));
    assert_eq!(a, b);
    assert_eq!(key("posts/2022-05-31-hello.md"), None);
    assert!(rules.same(
        &Story::new(a, None, "甲", "短"),
        &Story::new(b, None, "乙", "另一篇")
    ));
    let own = Rules::new(&Settings {
        key: "-([a-z]+)-".into(),
        ..Settings::default()
    })
    .unwrap();
    assert_eq!(own.key("x-abc-1.md"), Some("abc"));
    assert!(
        Rules::new(&Settings {
            key: "(".into(),
            ..Settings::default()
        })
        .is_err()
    );
}

#[test]
fn short_or_empty_texts_are_stories_of_their_own() {
    let rules = Rules::new(&Settings::default()).unwrap();
    for text in ["", "正文。", "抽检三千批次。"] {
        assert!(!rules.same(
            &Story::new(None, None, "甲", text),
            &Story::new(None, None, "甲", text)
        ));
    }
}

#[test]
fn one_source_that_always_closes_with_the_same_words_tells_many_stories() {
    let rules = Rules::new(&Settings::default()).unwrap();
    let closing = "往期节目可以在我们的主页上找到，也欢迎订阅邮件通讯，转发给关心消费安全的朋友。\
                   节目由志愿者轮流制作，不接受任何企业赞助，有意加入者请写信到编辑部，我们会逐一回复。";
    let told = |source: &str, title: &str, first: &str| {
        let text = format!("{first}\n{closing}");
        Story::new(None, Some(source.into()), title, &text)
    };
    let lift = told("diary", "电梯困人怎么办", "今天说电梯。");
    let milk = told("diary", "一杯牛奶的旅程", "今天去牧场。");
    assert!(!rules.same(&lift, &milk));
    let again = told("diary", "电梯困人怎么办", "今天说电梯。");
    assert!(!rules.same(&lift, &again), "another film, perhaps");
    let elsewhere = told("paper", "志愿者谈电梯安全", "今天说电梯。");
    assert!(rules.same(&lift, &elsewhere));
}
