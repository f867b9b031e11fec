//! The posts, the methods, and the table.
//! In: the command line. Out: Markdown; the same for the same files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tagwire::model::{Post, Site, Zone};
use tagwire::posts::{NaiveDates, Rules, Settings, names, parse};
use tagwire::summary;

use crate::rouge::{Scores, characters, score};

/// Articles with less than so many times the digest's characters leave nothing to choose.
const TIMES: usize = 3;
/// Digests with fewer characters are mottoes.
const SHORTEST: usize = 12;

/// An article whose editor wrote a digest.
struct Article {
    id: String,
    title: String,
    text: String,
    digest: String,
    held_out: bool,
}

/// What the command line asks for.
#[derive(Default)]
struct Wish {
    folders: Vec<String>,
    budgets: Vec<usize>,
    dump: Option<String>,
    added: Vec<(String, BTreeMap<String, Value>)>,
}

/// Runs the command.
///
/// # Errors
/// A wrong argument or a file that cannot be read.
pub fn run(arguments: impl Iterator<Item = String>) -> Result<String, String> {
    let wish = wish(arguments)?;
    let articles = articles(&wish.folders)?;
    if let Some(file) = &wish.dump {
        let line = |article: &Article| {
            let budgets: Vec<usize> = budgets(&wish, article)
                .into_iter()
                .map(|(_, budget)| budget)
                .collect();
            json!({"id": article.id, "title": article.title, "text": article.text, "budgets": budgets}).to_string() + "\n"
        };
        let lines: String = articles.iter().map(line).collect();
        std::fs::write(file, lines).map_err(|error| format!("{file}: {error}"))?;
    }
    let mut out = String::new();
    for held_out in [false, true] {
        let half: Vec<&Article> = articles
            .iter()
            .filter(|article| article.held_out == held_out)
            .collect();
        let name = if held_out { "held out" } else { "tuned on" };
        let _ = writeln!(out, "\n{name}: {} articles\n", half.len());
        let _ = writeln!(
            out,
            "| budget | method | ROUGE-1 | ROUGE-2 | ROUGE-L | characters |"
        );
        let _ = writeln!(out, "|---|---|---|---|---|---|");
        rows(&wish, &half, &mut out);
    }
    Ok(out)
}

fn wish(mut arguments: impl Iterator<Item = String>) -> Result<Wish, String> {
    let usage = "usage: rouge FOLDER... [--budget N]... [--dump FILE] [--add NAME=FILE]...";
    let mut wish = Wish::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(usage.to_owned());
        match argument.as_str() {
            "--budget" => wish
                .budgets
                .push(value()?.parse().map_err(|_| usage.to_owned())?),
            "--dump" => wish.dump = Some(value()?),
            "--add" => {
                let value = value()?;
                let (name, file) = value.split_once('=').ok_or(usage.to_owned())?;
                wish.added.push((name.to_owned(), answers(file)?));
            }
            folder if !folder.starts_with("--") => wish.folders.push(folder.to_owned()),
            _ => return Err(usage.to_owned()),
        }
    }
    if wish.folders.is_empty() {
        return Err(usage.to_owned());
    }
    Ok(wish)
}

/// Answers of another program: `{"id": …, "summaries": [one for each budget]}` a line.
fn answers(file: &str) -> Result<BTreeMap<String, Value>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).map_err(|error| format!("{file}: {error}"))?;
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        found.insert(id, row["summaries"].clone());
    }
    Ok(found)
}

/// The wished budgets, and the digest's own length: then only the choice of words decides.
fn budgets(wish: &Wish, article: &Article) -> Vec<(String, usize)> {
    let fixed = wish
        .budgets
        .iter()
        .map(|budget| (budget.to_string(), *budget));
    let own = ("as the digest".to_owned(), article.digest.chars().count());
    fixed.chain([own]).collect()
}

fn articles(folders: &[String]) -> Result<Vec<Article>, String> {
    let site = Site {
        title: "rouge".into(),
        url: "http://localhost".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: Zone::UTC,
    };
    let rules = Rules::new(&Settings::default(), &site, NaiveDates::SiteTime)?;
    let mut found = Vec::new();
    for folder in folders {
        let mut files = names(&[Path::new(folder).to_path_buf()]).files;
        files.sort();
        for path in files.iter() {
            let bytes = std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
            let (post, _) = parse(&path, &bytes, DateTime::<Utc>::UNIX_EPOCH, &rules);
            found.extend(post.and_then(article));
        }
    }
    Ok(found)
}

fn article(post: Post) -> Option<Article> {
    let digest = post.digest?;
    let (told, all) = (characters(&digest).len(), characters(&post.text).len());
    if told < SHORTEST || all < TIMES * told {
        return None;
    }
    // FNV-1a of the path decides which half; the same everywhere.
    let name = post.path.rsplit('/').next().unwrap_or_default();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Some(Article {
        id: post.path,
        title: post.title,
        text: post.text,
        digest,
        held_out: (hash >> 32) & 1 == 1,
    })
}

fn rows(wish: &Wish, half: &[&Article], out: &mut String) {
    // (budget, method) → sums, in the order of the table.
    let mut sums: BTreeMap<(usize, usize), (String, String, Scores, usize)> = BTreeMap::new();
    for article in half {
        for (index, (label, budget)) in budgets(wish, article).into_iter().enumerate() {
            for (order, (method, text)) in summaries(wish, article, index, budget)
                .into_iter()
                .enumerate()
            {
                let one = score(&text, &article.digest);
                let row = sums
                    .entry((index, order))
                    .or_insert_with(|| (label.clone(), method, Scores::default(), 0));
                row.2.one += one.one;
                row.2.two += one.two;
                row.2.longest += one.longest;
                row.3 += text.chars().count();
            }
        }
    }
    let count = half.len().max(1) as f64;
    for (label, method, sum, length) in sums.values() {
        let _ = writeln!(
            out,
            "| {label} | {method} | {:.4} | {:.4} | {:.4} | {:.0} |",
            sum.one / count,
            sum.two / count,
            sum.longest / count,
            *length as f64 / count
        );
    }
}

/// Each method's summary of an article within a budget.
fn summaries(wish: &Wish, article: &Article, index: usize, budget: usize) -> Vec<(String, String)> {
    let text = article.text.as_str();
    let ours = summary::extract(text, &article.title, budget).unwrap_or_default();
    let lead: String = summary::sentences(text).into_iter().take(3).collect();
    let first: String = text.chars().filter(|c| *c != '\n').take(budget).collect();
    let mut all = vec![
        ("tagwire".to_owned(), ours),
        ("lead-3".to_owned(), lead.chars().take(budget).collect()),
        ("first characters".to_owned(), first),
    ];
    for (name, answers) in &wish.added {
        let given = answers
            .get(&article.id)
            .and_then(|list| list[index].as_str());
        all.push((name.clone(), given.unwrap_or_default().to_owned()));
    }
    all
}
