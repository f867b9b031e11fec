//! Posts for benchmarks: Chinese news of about 3.4 KB, half of them HTML and half Markdown.
//! In: a number. Out: a folder of files; the same number gives the same bytes on every machine.
//! 200 categories and 2,000 tags with Zipf's law, each used at least once when there are enough posts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::{DateTime, Duration, FixedOffset, TimeZone};
use fastrand::Rng;

const CATEGORIES: usize = 200;
const TAGS: usize = 2_000;
const BODY: usize = 3_000;
const SEED: u64 = 7;

const WHO: &[&str] = &[
    "市场监督管理局",
    "省药品监管部门",
    "反垄断执法机构",
    "质量监督所",
    "价格检查队",
    "广告监测中心",
    "知识产权局",
    "计量院",
    "标准化研究院",
    "消费者组织",
    "网络平台",
    "制药企业",
    "食品公司",
    "电梯厂家",
    "连锁超市",
    "中央银行",
    "证券交易所",
    "保险公司",
    "税务部门",
    "行业协会",
];
const DOES: &[&str] = &[
    "公开",
    "查明",
    "要求整改",
    "宣布",
    "通知",
    "立案调查",
    "约见",
    "抽样检验",
    "修改",
    "发出提示",
    "撤回",
    "核准",
    "试行",
    "评估",
    "统计",
];
const WHAT: &[&str] = &[
    "不合格批次名单",
    "年度执法情况",
    "涨价行为",
    "虚假宣传线索",
    "经营者集中申报",
    "强制性标准",
    "缺陷产品",
    "特种设备隐患",
    "商标侵权案",
    "检验检测收费",
    "婴幼儿配方食品",
    "网络直播规则",
    "信用修复办法",
    "计量器具",
    "贷款利率安排",
    "季度业绩",
    "外贸数据",
    "专利转让",
];
const ENDS: &[&str] = &[
    "此次行动覆盖{n}家单位，其中{k}家被责令改正。",
    "与上一季度相比增加百分之{p}，高于预期。",
    "负责人说，今后仍将从严管理。",
    "新规定自下月起施行，过渡期为{p}个月。",
    "消费者如有疑问，可以拨打热线咨询。",
    "有分析认为，这有利于公平竞争。",
    "涉及金额约{n}万元，案件还在进一步办理。",
    "截至上月底，已办结{k}件。",
    "企业表示接受处理，并已停止销售有关商品。",
    "专家提醒，购买时应当查看标签与批号。",
];
const SOUNDS: &[&str] = &[
    "ri", "bao", "wang", "xin", "wen", "cai", "jing", "shi", "chang", "guan", "cha", "fa", "zhi",
    "zhou", "kan",
];
const PARTS: &[&str] = &[
    "食品", "药品", "质量", "价格", "广告", "专利", "商标", "标准", "计量", "认证", "信用", "平台",
    "直播", "召回", "抽检", "执法", "消费", "电梯", "垄断", "竞争",
];

/// Writes so many posts; returns their bytes.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, number: usize) -> Result<u64> {
    fs::create_dir_all(folder)?;
    let names = Names::new();
    let mut bytes = 0;
    for index in 0..number {
        let (name, text) = post(&names, index, number);
        bytes += text.len() as u64;
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(bytes)
}

/// A post that is newer than all others: its category, the file's name and its text.
pub fn newest(index: usize, number: usize) -> (String, String, String) {
    let names = Names::new();
    let (_, text) = post(&names, number + index, number);
    let date = first_day() + Duration::days(4 * 365 + 1) + Duration::seconds(index as i64);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let category = names.categories[index % CATEGORIES].clone();
    for line in &mut lines {
        if line.starts_with("date: ") {
            *line = format!("date: {}", date.format("%Y-%m-%d %H:%M:%S +0800"));
        } else if line.starts_with("categories: ") {
            *line = format!("categories: {category}");
        }
    }
    let name = format!("{}-new{index:06}.html", date.format("%Y-%m-%d"));
    (category, name, lines.join("\n"))
}

struct Names {
    categories: Vec<String>,
    tags: Vec<String>,
    of_categories: Zipf,
    of_tags: Zipf,
}

impl Names {
    fn new() -> Self {
        let mut dice = Rng::with_seed(SEED);
        let mut some = |parts: &[&str], count: usize| -> String {
            (0..count)
                .map(|_| parts[dice.usize(..parts.len())])
                .collect()
        };
        Names {
            categories: (0..CATEGORIES)
                .map(|index| format!("{}{index:04}", some(SOUNDS, 3)))
                .collect(),
            tags: (0..TAGS)
                .map(|index| format!("{}{index:05}要闻", some(PARTS, 2)))
                .collect(),
            of_categories: Zipf::new(CATEGORIES),
            of_tags: Zipf::new(TAGS),
        }
    }
}

/// Numbers of which the k-th comes 1/k times as often as the first.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(number: usize) -> Self {
        let mut sum = 0.0;
        Zipf(
            (1..=number)
                .map(|rank| {
                    sum += 1.0 / rank as f64;
                    sum
                })
                .collect(),
        )
    }

    fn pick(&self, dice: &mut Rng) -> usize {
        let all = self.0.last().copied().unwrap_or(0.0);
        let value = dice.f64() * all;
        self.0
            .partition_point(|sum| *sum < value)
            .min(self.0.len().saturating_sub(1))
    }
}

fn first_day() -> DateTime<FixedOffset> {
    FixedOffset::east_opt(8 * 3600)
        .and_then(|zone| zone.with_ymd_and_hms(2018, 1, 1, 6, 0, 0).single())
        .unwrap_or_default()
}

fn post(names: &Names, index: usize, number: usize) -> (String, String) {
    let mut dice = Rng::with_seed(SEED * 1_000_003 + index as u64);
    let spread = (index as i64) * 4 * 365 * 86_400 / (number.max(1) as i64);
    let date = first_day() + Duration::seconds(spread + dice.i64(0..600));
    let category = if index < CATEGORIES {
        index
    } else {
        names.of_categories.pick(&mut dice)
    };
    let mut tags = vec![names.tags[index % TAGS].as_str()];
    for _ in 0..dice.usize(0..3) {
        let tag = names.tags[names.of_tags.pick(&mut dice)].as_str();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let html = dice.bool();
    let mut text = String::with_capacity(4_096);
    let _ = write!(
        text,
        "---\ntitle: {}{}{}（第{index}期）\ndate: {}\ncategories: {}\ntags: [{}]\n---\n",
        one(WHO, &mut dice),
        one(DOES, &mut dice),
        one(WHAT, &mut dice),
        date.format("%Y-%m-%d %H:%M:%S +0800"),
        names.categories[category],
        tags.join(", "),
    );
    body(&mut text, html, index, &mut dice);
    let ending = if html { "html" } else { "md" };
    (
        format!("{}-p{index:07}.{ending}", date.format("%Y-%m-%d")),
        text,
    )
}

fn body(text: &mut String, html: bool, index: usize, dice: &mut Rng) {
    let start = text.len();
    let mut paragraph = 0;
    while text.len() - start < BODY {
        let mut words: String = (0..dice.usize(2..5)).map(|_| sentence(dice)).collect();
        match paragraph {
            1 if html => words.push_str("<a href=\"/special/7.html\">专题</a>"),
            1 => words.push_str("[专题](/special/7.html)"),
            2 if index.is_multiple_of(5) && html => {
                let _ = write!(
                    words,
                    "<img src=\"/images/{}.jpg\" alt=\"图\">",
                    index % 1000
                );
            }
            2 if index.is_multiple_of(5) => {
                let _ = write!(words, "![图](/images/{}.jpg)", index % 1000);
            }
            3 if index.is_multiple_of(7) && html => words = format!("<strong>{words}</strong>"),
            3 if index.is_multiple_of(7) => words = format!("**{words}**"),
            _ => {}
        }
        let _ = if html {
            writeln!(text, "<p>{words}</p>")
        } else {
            write!(text, "{words}\n\n")
        };
        paragraph += 1;
    }
}

fn sentence(dice: &mut Rng) -> String {
    let end = one(ENDS, dice)
        .replace("{n}", &dice.u32(10..99_999).to_string())
        .replace("{k}", &dice.u32(1..999).to_string())
        .replace("{p}", &dice.u32(1..60).to_string());
    format!(
        "{}{}《{}》，{end}",
        one(WHO, dice),
        one(DOES, dice),
        one(WHAT, dice)
    )
}

fn one<'a>(of: &[&'a str], dice: &mut Rng) -> &'a str {
    of[dice.usize(..of.len())]
}
