//! The `labels` section of the config: what people call labels, and which are one and the same.
//! In: YAML, labels as posts have them, the tags of a category's first posts. Out: the label that a
//! post's label stands for, display names, addresses that go on working or are gone for good. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{Addresses, Settings};
use crate::model::pinyin::spellings;
use crate::model::{Follow, Label, LabelKind};

/// What sources add to their name in tags: `大众日报新闻`.
const SUFFIX: &str = "新闻";
/// Without a name that can be read like the category, so many posts must agree.
const FEW: usize = 3;

/// The `labels` section. A label is written as posts have it, which means the category and the tag of that
/// name, or as `category:NAME`, `tag:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelSettings {
    /// Display names: `dazhongribao: 大众日报`.
    pub names: BTreeMap<String, String>,
    /// Old names of labels: `old: new`. Posts that carry the old one belong to the new, and the addresses of
    /// the old feeds give the new ones.
    pub aliases: BTreeMap<String, String>,
    /// Categories without a display name take it from their posts' tags (default true).
    pub learn: bool,
    /// Labels that differ only by case or width are one (default false: each has feeds of its own).
    pub fold: bool,
    /// Labels that have no feeds any more; their addresses answer 410.
    pub retired: Vec<String>,
}

impl Default for LabelSettings {
    fn default() -> Self {
        LabelSettings {
            names: BTreeMap::new(),
            aliases: BTreeMap::new(),
            learn: true,
            fold: false,
            retired: Vec::new(),
        }
    }
}

/// The same, ready for use.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    names: HashMap<Label, String>,
    /// By the key of the old name: the old name as written, and the new.
    aliases: BTreeMap<Label, (Label, Label)>,
    retired: BTreeSet<Label>,
    /// Folded spellings and what the config writes for them.
    spelled: HashMap<Label, Label>,
    learn: bool,
    fold: bool,
}

impl Labels {
    /// Checks the section. The error is a sentence that names the key.
    pub fn new(settings: &LabelSettings) -> Result<Self, String> {
        let mut labels = Labels {
            learn: settings.learn,
            fold: settings.fold,
            ..Labels::default()
        };
        for (old, new) in &settings.aliases {
            for (old, new) in pairs(old, new)? {
                labels.spell(&new);
                labels.aliases.insert(labels.key(&old), (old, new));
            }
        }
        for (name, shown) in &settings.names {
            if shown.trim().is_empty() {
                return Err(format!(
                    "`labels.names.{name}` is empty: write what people call it"
                ));
            }
            for label in parse("names", name)? {
                labels.spell(&label);
                labels
                    .names
                    .insert(labels.key(&label), shown.trim().to_owned());
            }
        }
        for name in &settings.retired {
            for label in parse("retired", name)? {
                labels.spell(&label);
                labels.retired.insert(labels.key(&label));
            }
        }
        for old in labels.aliases.keys() {
            if labels.resolve(old).is_none() {
                return Err(format!(
                    "`labels.aliases` leads from `{old}` round in a circle"
                ));
            }
        }
        Ok(labels)
    }

    /// The label that `label` stands for.
    pub fn canonical(&self, label: &Label) -> Label {
        // A circle was refused, so there is an end.
        let meant = self
            .resolve(&self.key(label))
            .unwrap_or_else(|| label.clone());
        match self.spelled.get(&meant) {
            Some(spelled) if self.fold => spelled.clone(),
            _ => meant,
        }
    }

    /// What a follow stands for.
    pub fn canonical_follow(&self, follow: Follow) -> Follow {
        match follow {
            Follow::Site => Follow::Site,
            Follow::Label(label) => Follow::Label(self.canonical(&label)),
        }
    }

    /// The names that a post's names stand for, each once, in the author's order.
    pub fn canonical_names(&self, kind: LabelKind, names: &[String]) -> Vec<String> {
        let mut kept: Vec<String> = Vec::with_capacity(names.len());
        for name in names {
            let meant = self.canonical(&Label::new(kind, name.as_str())).name;
            if !kept.contains(&meant) {
                kept.push(meant);
            }
        }
        kept
    }

    /// False when every label stands for itself.
    pub fn change_labels(&self) -> bool {
        self.fold || !self.aliases.is_empty()
    }

    /// True when the config says what people call a label.
    pub fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// Everything that decides which label a post belongs to: another text means another index.
    pub fn fingerprint(&self) -> String {
        match self.change_labels() {
            true => format!("{:?}{:?}{:?}", self.fold, self.aliases, {
                let spelled: BTreeMap<_, _> = self.spelled.iter().collect();
                format!("{spelled:?}")
            }),
            false => String::new(),
        }
    }

    /// The display name that the config gives.
    pub fn name_of(&self, label: &Label) -> Option<&str> {
        // Asked for each label of each post, and mostly of a config without names.
        let known = Some(&self.names).filter(|names| !names.is_empty())?;
        known.get(&self.key(label)).map(String::as_str)
    }

    /// True when a category's name may come from its posts.
    pub fn learns(&self, follow: &Follow) -> bool {
        match follow {
            Follow::Label(label) => {
                self.learn && label.kind == LabelKind::Category && self.name_of(label).is_none()
            }
            Follow::Site => false,
        }
    }

    /// The labels that others stand for: they have feeds even before their first post.
    pub fn targets(&self) -> Vec<Label> {
        let targets: BTreeSet<Label> = self.aliases.keys().map(|old| self.canonical(old)).collect();
        targets.into_iter().collect()
    }

    /// The old names of a label.
    pub fn aliases_of<'a>(&'a self, label: &'a Label) -> impl Iterator<Item = &'a Label> {
        let is_of = move |old: &&Label| self.canonical(old) == *label && *old != label;
        self.aliases.values().map(|(old, _)| old).filter(is_of)
    }

    /// What is followed, under its name and its old ones.
    pub fn with_aliases(&self, follow: &Follow) -> Vec<Follow> {
        let mut names = vec![follow.clone()];
        if let Follow::Label(label) = follow {
            names.extend(self.aliases_of(label).cloned().map(Follow::Label));
        }
        names
    }

    /// True for a label that has no feeds any more.
    pub fn is_retired(&self, follow: &Follow) -> bool {
        match follow {
            Follow::Site => false,
            Follow::Label(label) => self.retired.contains(&self.key(label)),
        }
    }

    /// The files of retired labels, relative to `publish.dir`: a server answers 410 for them.
    pub fn retired_files(&self, addresses: &Addresses, settings: &Settings) -> BTreeSet<String> {
        let follows = self.retired.iter().map(|label| {
            let spelled = self.spelled.get(label).unwrap_or(label);
            Follow::Label(spelled.clone())
        });
        follows
            .flat_map(|follow| self.with_aliases(&follow))
            .flat_map(|follow| addresses.files(settings, &follow))
            .collect()
    }

    fn resolve(&self, label: &Label) -> Option<Label> {
        let mut meant = label.clone();
        for _ in 0..=self.aliases.len() {
            match self.aliases.get(&self.key(&meant)) {
                Some((_, next)) => meant = next.clone(),
                None => return Some(self.key(&meant)),
            }
        }
        None
    }

    /// How a label is looked up.
    fn key(&self, label: &Label) -> Label {
        match self.fold {
            true => Label::new(label.kind, folded(&label.name)),
            false => label.clone(),
        }
    }

    fn spell(&mut self, label: &Label) {
        let key = self.key(label);
        self.spelled.entry(key).or_insert_with(|| label.clone());
    }
}

/// `old: new`, for each kind that it means.
fn pairs(old: &str, new: &str) -> Result<Vec<(Label, Label)>, String> {
    let (olds, news) = (parse("aliases", old)?, parse("aliases", new)?);
    let pairs: Vec<(Label, Label)> = olds
        .into_iter()
        .filter_map(|old| {
            let new = news.iter().find(|new| new.kind == old.kind)?;
            Some((old, new.clone()))
        })
        .collect();
    match pairs.is_empty() {
        true => Err(format!(
            "`labels.aliases` makes `{old}` into `{new}`: a category stays a category, and a tag a tag"
        )),
        false => Ok(pairs),
    }
}

fn parse(key: &str, text: &str) -> Result<Vec<Label>, String> {
    let both = || vec![Label::category(text), Label::tag(text)];
    match text.parse::<Follow>() {
        Ok(Follow::Label(label)) if label.kind == LabelKind::Topic => Err(format!(
            "`labels.{key}` holds `{text}`: topics have their titles and ids in topics.dir"
        )),
        Ok(Follow::Label(label)) => Ok(vec![label]),
        _ if text.is_empty() => Err(format!("`labels.{key}` holds an empty name")),
        _ => Ok(both()),
    }
}

/// One spelling for all that differ by case or width.
fn folded(name: &str) -> String {
    let narrow = name.chars().flat_map(|c| {
        let is_form = matches!(c, '\u{3000}' | '\u{FF00}'..='\u{FFEF}');
        let text = c.to_string();
        let form: String = if is_form { text.nfkc().collect() } else { text };
        form.chars().collect::<Vec<char>>()
    });
    narrow.flat_map(char::to_lowercase).nfc().collect()
}

/// What a category's own posts call it. `tags`: those of its oldest posts, a list for each. Sites name a
/// category in pinyin and give the source's name as the tag: that name is taken when four in five posts
/// have it and it reads like the category, or when all of at least three have it alone.
pub fn learnt_name(category: &str, tags: &[Vec<String>]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for tags in tags.iter().filter(|tags| !tags.is_empty()) {
        *counts.entry(without_suffix(&tags.join(" "))).or_default() += 1;
    }
    // The most frequent; of two, the first by name, so that the same posts give the same name.
    let (name, count) = counts.into_iter().rev().max_by_key(|(_, count)| *count)?;
    let is_usual = count * 5 >= tags.len() * 4;
    let is_chinese = |text: &str| !spellings(text).is_empty();
    if !is_usual || is_chinese(category) || !is_chinese(&name) {
        return None;
    }
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    let reads_alike = spellings(&name).contains(&plain(category));
    let is_only = count == tags.len() && count >= FEW && tags.iter().all(|tags| tags.len() == 1);
    (reads_alike || is_only).then_some(name)
}

fn without_suffix(tag: &str) -> String {
    match tag.trim().strip_suffix(SUFFIX).map(str::trim_end) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => tag.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::golden_tests::site;
    use proptest::prelude::*;

    fn labels(yaml: &str) -> Labels {
        Labels::new(&serde_yaml::from_str(yaml).unwrap()).unwrap()
    }

    fn error(yaml: &str) -> String {
        Labels::new(&serde_yaml::from_str(yaml).unwrap()).unwrap_err()
    }

    #[test]
    fn names_are_found_for_the_kinds_that_they_mean() {
        let labels = labels("names: {dazhongribao: 大众日报, 'tag:ai': 人工智能}");
        assert_eq!(
            labels.name_of(&Label::category("dazhongribao")),
            Some("大众日报")
        );
        assert_eq!(
            labels.name_of(&Label::tag("dazhongribao")),
            Some("大众日报")
        );
        assert_eq!(labels.name_of(&Label::tag("ai")), Some("人工智能"));
        assert_eq!(labels.name_of(&Label::category("ai")), None);
        assert!(error("names: {a: ''}").contains("labels.names.a"));
        assert!(error("names: {'topic:a': x}").contains("topics.dir"));
    }

    #[test]
    fn an_alias_is_the_label_that_it_leads_to_however_far() {
        let labels = labels("aliases: {a: b, b: c, 'tag:x': 'tag:y'}");
        assert_eq!(labels.canonical(&Label::tag("a")), Label::tag("c"));
        assert_eq!(
            labels.canonical(&Label::category("x")),
            Label::category("x")
        );
        let names = ["a", "c", "z", "b"].map(str::to_owned);
        assert_eq!(labels.canonical_names(LabelKind::Tag, &names), ["c", "z"]);
        let target = Label::tag("c");
        let old: Vec<_> = labels.aliases_of(&target).cloned().collect();
        assert_eq!(old, [Label::tag("a"), Label::tag("b")]);
        assert!(error("aliases: {a: b, b: a}").contains("circle"));
        assert!(error("aliases: {'tag:a': 'category:b'}").contains("a tag a tag"));
    }

    #[test]
    fn folding_merges_case_and_width_and_keeps_the_spelling_of_the_config() {
        let labels = labels("{fold: true, names: {TechWeb: 科技}, aliases: {IT: TechWeb}}");
        for name in ["Techweb", "ＴｅｃｈＷｅｂ", "it"] {
            assert_eq!(labels.canonical(&Label::tag(name)), Label::tag("TechWeb"));
        }
        assert_eq!(labels.canonical(&Label::tag("ＡＩ")), Label::tag("ai"));
        assert_eq!(labels.canonical(&Label::tag("ｶﾞ")), Label::tag("ガ"));
        assert_eq!(labels.name_of(&Label::tag("TECHWEB")), Some("科技"));
        let apart = Labels::new(&LabelSettings::default()).unwrap();
        assert_eq!(apart.canonical(&Label::tag("AI")), Label::tag("AI"));
        assert!(!apart.change_labels());
    }

    #[test]
    fn retired_labels_name_the_files_that_are_gone() {
        let labels = labels("retired: ['tag:旧']");
        assert!(labels.is_retired(&Follow::Label(Label::tag("旧"))));
        assert!(!labels.is_retired(&Follow::Label(Label::category("旧"))));
        let settings = Settings::default();
        let addresses = Addresses::new(&settings, &site()).unwrap();
        let files = labels.retired_files(&addresses, &settings);
        let wanted = ["html", "json", "rss", "xml"].map(|end| format!("feed/by_tag/旧.{end}"));
        assert_eq!(files.into_iter().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn a_category_is_called_what_its_posts_call_their_source() {
        let posts = |tags: &[&[&str]]| -> Vec<Vec<String>> {
            let one = |tags: &&[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
            tags.iter().map(one).collect()
        };
        let learnt = |category: &str, tags: &[&[&str]]| learnt_name(category, &posts(tags));
        assert_eq!(
            learnt("dazhongribao", &[&["大众日报新闻"]]).as_deref(),
            Some("大众日报")
        );
        let two: &[&str] = &["21世纪经济报道", "南财理财通新闻"];
        let name = learnt("21shijijingjibaodao  nancailicaitong", &[two]);
        assert_eq!(name.as_deref(), Some("21世纪经济报道 南财理财通"));
        // Nothing like its pinyin: three posts that agree are enough, two are not.
        let one: &[&str] = &["东财滚动新闻"];
        assert_eq!(learnt("emnews", &[one; 2]), None);
        assert_eq!(learnt("emnews", &[one; 3]).as_deref(), Some("东财滚动"));
        assert_eq!(learnt("emnews", &[one, one, one, &["别的"]]), None);
        // A blog's categories are no sources.
        assert_eq!(
            learnt("tech", &[&["前端", "性能"], &["前端"], &["后端"]]),
            None
        );
        assert_eq!(
            learnt(
                "要闻",
                &[&["大众日报新闻"], &["大众日报新闻"], &["大众日报新闻"]]
            ),
            None
        );
        assert_eq!(learnt("tech", &[]), None);
    }

    proptest! {
        #[test]
        fn canonical_labels_stay(name in any::<String>(), fold: bool) {
            let settings = LabelSettings { fold, ..LabelSettings::default() };
            let labels = Labels::new(&settings).unwrap();
            let once = labels.canonical(&Label::tag(name.clone()));
            prop_assert_eq!(labels.canonical(&once), once.clone());
            prop_assert!(fold || once.name == name);
        }
    }
}
