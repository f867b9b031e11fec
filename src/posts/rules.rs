//! Everything that parsing must know, compiled once.
//! In: settings, site, reading of naive dates. Out: `Rules`, shared by all threads, and a fingerprint, which needs
//! nothing compiled.

use std::path::PathBuf;
use std::sync::LazyLock;

use comrak::Options;
use encoding_rs::Encoding;
use regex::Regex;
use url::{Position, Url};

use super::defaults::Defaults;
use super::liquid::{self, Addresses};
use super::markdown;
use super::permalink::Template;
use super::sanitize;
use super::settings::{Cleaning, IMAGE_CREDIT, IdStyle, NaiveDates, SOURCE_LINE, Settings};
use crate::model::Site;
use crate::model::zone::rules_version;

/// Raise this whenever `parse` changes what it returns, so that catalogs are built anew.
const PARSER_VERSION: u32 = 8;

/// Everything the parser must know, compiled once.
#[derive(Debug)]
pub struct Rules {
    pub(super) roots: Vec<PathBuf>,
    /// Where folders begin to be categories.
    pub(super) site_dir: Option<PathBuf>,
    pub(super) site: Site,
    pub(super) site_url: Url,
    /// The site's address up to its host and port, if it is of http or https.
    pub(super) origin: String,
    pub(super) naive: NaiveDates,
    pub(super) id: IdStyle,
    pub(super) template: Template,
    /// Of files that are not UTF-8; `None` means that it is found out.
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) drafts: bool,
    pub(super) defaults: Defaults,
    pub(super) max_file_bytes: u64,
    pub(super) max_labels: usize,
    pub(super) max_label_chars: usize,
    pub(super) settle_ms: u64,
    pub(super) excerpt_separator: String,
    pub(super) cleaning: Cleaning,
    pub(super) source_lines: Patterns,
    pub(super) footer_links: Patterns,
    pub(super) image_credits: Patterns,
    pub(super) chart_images: Patterns,
    pub(super) sanitizer: ammonia::Builder<'static>,
    pub(super) markdown: Options<'static>,
    pub(super) liquid: liquid::Engine,
}

impl Rules {
    /// Compiles the rules. An error names the key that is wrong and says why.
    pub fn new(settings: &Settings, site: &Site, naive: NaiveDates) -> Result<Rules, String> {
        let site_url = Url::parse(&site.url)
            .map_err(|error| format!("site.url: `{}` is no address: {error}", site.url))?;
        let cleaning = settings.cleaning.clone();
        Ok(Rules {
            roots: settings.roots(),
            site_dir: settings.site_dir.clone(),
            site: site.clone(),
            origin: origin(&site_url),
            site_url,
            naive,
            id: settings.id,
            template: Template::new(&settings.permalink)?,
            encoding: encoding(&settings.encoding)?,
            drafts: settings.drafts,
            defaults: Defaults::new(&settings.defaults)?,
            max_file_bytes: settings.max_file_bytes,
            max_labels: settings.max_labels,
            max_label_chars: settings.max_label_chars,
            settle_ms: settings.settle_ms,
            excerpt_separator: settings.excerpt_separator.clone(),
            source_lines: Patterns::new("source_lines", &cleaning.source_lines)?,
            footer_links: Patterns::new("footer_links", &cleaning.footer_links)?,
            image_credits: Patterns::new("image_credits", &cleaning.image_credits)?,
            chart_images: Patterns::new("chart_images", &cleaning.chart_images)?,
            cleaning,
            sanitizer: sanitize::builder(),
            markdown: markdown::options(),
            liquid: liquid::Engine::new(
                liquid::site(site, &settings.site_variables),
                liquid::Env {
                    url: site.url.clone(),
                    zone: site.timezone,
                    naive,
                    markdown: markdown::options(),
                },
            ),
        })
    }

    /// How the names of other posts become addresses.
    pub(super) fn addresses(&self) -> Addresses<'_> {
        Addresses {
            template: &self.template,
            zone: self.site.timezone,
            base: self.site_url.path().trim_end_matches('/'),
        }
    }
}

/// A text that is equal exactly when the same bytes are parsed in the same way.
pub fn fingerprint(settings: &Settings, site: &Site, naive: NaiveDates) -> String {
    // Intervals and the like change when a file is read, not what is read in it.
    format!(
        "parser {PARSER_VERSION}; site {} {} of {}; naive {naive:?}; dir {:?}; permalink {}; id {:?}; \
         labels {} {}; bytes {}; encoding {}; cleaning {:?}; shown {:?} {:?}; drafts {}; \
         defaults {:?}",
        site.url,
        site.timezone.name(),
        rules_version(),
        settings.dir,
        settings.permalink,
        settings.id,
        settings.max_labels,
        settings.max_label_chars,
        settings.max_file_bytes,
        settings.encoding,
        settings.cleaning,
        // What `{{ site.* }}` shows.
        (&site.title, &site.description, &site.author, &site.language),
        (&settings.site_variables, &settings.excerpt_separator),
        settings.drafts,
        settings.defaults,
    )
}

fn origin(site: &Url) -> String {
    match site.scheme() {
        "http" | "https" => site[..Position::BeforePath].to_owned(),
        _ => String::new(),
    }
}

fn encoding(name: &str) -> Result<Option<&'static Encoding>, String> {
    if name == "auto" {
        return Ok(None);
    }
    let found = Encoding::for_label(name.as_bytes());
    let found = found.ok_or_else(|| {
        format!("posts.encoding: `{name}` names no encoding: write auto, gb18030 or big5")
    })?;
    Ok(Some(found))
}

/// Ours that take longer to compile than many posts to read: done once, beside other things.
static SOURCE_LINE_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SOURCE_LINE).ok());
static IMAGE_CREDIT_REGEX: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(IMAGE_CREDIT).ok());

/// Compiles what the first lines of the first articles would wait for.
pub fn warm_up() {
    LazyLock::force(&SOURCE_LINE_REGEX);
    LazyLock::force(&IMAGE_CREDIT_REGEX);
}

/// Expressions of one key of the config.
#[derive(Debug)]
pub(super) struct Patterns(Vec<Pattern>);

#[derive(Debug)]
enum Pattern {
    Ours(&'static LazyLock<Option<Regex>>),
    Own(Regex),
}

impl Patterns {
    fn new(key: &str, patterns: &[String]) -> Result<Patterns, String> {
        let one = |text: &String| match text.as_str() {
            SOURCE_LINE => Ok(Pattern::Ours(&SOURCE_LINE_REGEX)),
            IMAGE_CREDIT => Ok(Pattern::Ours(&IMAGE_CREDIT_REGEX)),
            own => Regex::new(own)
                .map(Pattern::Own)
                .map_err(|error| format!("posts.cleaning.{key}: `{own}`: {error}")),
        };
        { patterns.iter() }
            .map(one)
            .collect::<Result<_, _>>()
            .map(Patterns)
    }

    /// The first that matches.
    pub fn find(&self, text: &str) -> Option<&Regex> {
        let compiled = self.0.iter().filter_map(|pattern| match pattern {
            Pattern::Ours(compiled) => compiled.as_ref(),
            Pattern::Own(regex) => Some(regex),
        });
        { compiled }.find(|regex| regex.is_match(text))
    }

    /// Whether one matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.find(text).is_some()
    }
}

#[cfg(test)]
pub(super) fn example_site() -> Site {
    Site {
        title: "Example".into(),
        url: "https://news.example".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: crate::model::zone::zone("Asia/Shanghai"),
    }
}

#[cfg(test)]
pub(super) fn example_rules() -> Rules {
    Rules::new(&Settings::default(), &example_site(), NaiveDates::SiteTime).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_expressions_are_right() {
        assert!(SOURCE_LINE_REGEX.is_some() && IMAGE_CREDIT_REGEX.is_some());
        let ours = Cleaning::default();
        assert_eq!(ours.source_lines, [SOURCE_LINE]);
        assert_eq!(ours.image_credits, [IMAGE_CREDIT]);
    }

    #[test]
    fn a_bad_expression_names_its_key() {
        let mut settings = Settings::default();
        settings.cleaning.footer_links = vec!["(".into()];
        let error = Rules::new(&settings, &example_site(), NaiveDates::Utc).unwrap_err();
        assert!(error.contains("posts.cleaning.footer_links"), "{error}");
        let settings = Settings {
            permalink: "/:yaer/:title".into(),
            ..Settings::default()
        };
        let error = Rules::new(&settings, &example_site(), NaiveDates::Utc).unwrap_err();
        assert!(error.contains("posts.permalink"), "{error}");
    }

    #[test]
    fn rules_are_shared_and_their_fingerprint_follows_what_they_change() {
        fn shared<T: Send + Sync>() {}
        shared::<Rules>();
        let site = example_site();
        let first = fingerprint(&Settings::default(), &site, NaiveDates::SiteTime);
        let settings = Settings {
            poll_seconds: 1,
            ..Settings::default()
        };
        assert_eq!(first, fingerprint(&settings, &site, NaiveDates::SiteTime));
        assert_ne!(first, fingerprint(&settings, &site, NaiveDates::Utc));
    }
}
