//! What shapes feeds besides their posts, and how entries and feeds are written by it.
//! In: entries, records of them, frames. Out: records; the files of a feed as bytes. It shares nothing that changes,
//! so that all cores write at once.

use super::record::{self, Shown};
use crate::feeds::{
    self, Addresses, Article, Entry, EntryView, Format, Frame, Gist, Heads, Labels, Period, Press,
    document, write_entry,
};
use crate::model::{Follow, Site};

/// What feeds are written by.
pub struct Shape {
    pub site: Site,
    pub addresses: Addresses,
    pub settings: feeds::Settings,
    /// The Telegram bot's user name.
    pub bot: Option<String>,
    /// Which labels stand for others, and what people call them.
    pub labels: Labels,
    /// The formats in which entries are kept: those of feeds, then those of histories that are not among them.
    formats: Vec<Format>,
    heads: Heads,
}

/// A feed, or a page of its history, without its entries.
pub struct Outline {
    pub follow: Follow,
    pub title: String,
    /// The newest page of the feed's history.
    pub history: Option<Period>,
    /// For a page of the history: its period, and the page that a reader should read next.
    pub page: Option<(Period, Option<Period>)>,
}

impl Shape {
    pub fn new(
        site: Site,
        addresses: Addresses,
        settings: feeds::Settings,
        bot: Option<String>,
        labels: Labels,
    ) -> Shape {
        let mut formats = settings.formats.clone();
        if settings.archives.any() {
            let archived = settings.archive_formats().into_iter();
            formats.extend(archived.filter(|format| !settings.formats.contains(format)));
        }
        Shape {
            site,
            addresses,
            settings,
            bot,
            labels,
            formats,
            heads: Heads::default(),
        }
    }

    /// The number of formats in which entries are kept.
    pub fn formats(&self) -> usize {
        self.formats.len()
    }

    /// Writes the record of an entry, in all formats.
    pub fn record(&self, entry: &Entry, out: &mut Vec<u8>) {
        let Shape {
            site, addresses, ..
        } = self;
        let settings = &self.settings;
        let view = EntryView::new(addresses, settings, entry);
        let written = write_entry(site, &view, &self.formats, out);
        // A page links to labels that have pages.
        let are_there = |follow: &Follow| !self.labels.is_retired(follow);
        let article =
            { settings.pages }.then(|| Article::of(site, addresses, settings, &view, are_there));
        record::end(out, &written, article.as_ref());
    }

    /// The paths of a feed's files: those of `bytes`, in that order. The old addresses of a label give the same bytes,
    /// which say where it is now: that works on every web server, unlike a redirection.
    pub fn paths(&self, follow: &Follow) -> Vec<String> {
        let names = self.labels.with_aliases(follow).into_iter();
        names.flat_map(|name| self.own_paths(&name)).collect()
    }

    /// The same of a page of a feed's history.
    pub fn page_paths(&self, follow: &Follow, period: &Period) -> Vec<String> {
        let formats = self.settings.archive_formats().into_iter();
        formats
            .map(|format| self.addresses.archive_file(follow, period, format))
            .collect()
    }

    /// How many files a feed has, but for the site's and the old addresses of labels.
    pub fn files(&self) -> usize {
        self.settings.formats.len() + usize::from(self.settings.pages)
    }

    /// Whether there is a list of all feeds.
    pub fn has_lists(&self) -> bool {
        self.addresses
            .opml_file()
            .or(self.addresses.index_file())
            .is_some()
    }

    fn own_paths(&self, follow: &Follow) -> Vec<String> {
        let mut paths: Vec<String> = { self.settings.formats.iter() }
            .map(|format| self.addresses.file(follow, *format))
            .collect();
        paths.extend(
            self.is_paged(follow)
                .then(|| self.addresses.label_page(follow)),
        );
        paths
    }

    /// The site's page is the index.
    fn is_paged(&self, follow: &Follow) -> bool {
        self.settings.pages && *follow != Follow::Site
    }

    /// The bytes of each of `paths`.
    pub fn bytes(&self, outline: &Outline, entries: &[Shown<'_>]) -> Vec<Vec<u8>> {
        let mut gist = Gist::default();
        entries.iter().for_each(|entry| gist.add(&entry.traits));
        let formats = match &outline.page {
            Some(_) => self.settings.archive_formats(),
            None => self.settings.formats.clone(),
        };
        let documents = formats.iter().map(|format| {
            let number = self.formats.iter().position(|known| known == format);
            let items: Vec<&[u8]> = { entries.iter() }
                .map(|entry| entry.format(number.unwrap_or(usize::MAX)))
                .collect();
            let frame = Frame {
                follow: &outline.follow,
                title: &outline.title,
                gist,
                history: outline.history.as_ref(),
                page: { outline.page.as_ref() }
                    .map(|(period, previous)| (period, previous.as_ref())),
            };
            let press = Press {
                site: &self.site,
                addresses: &self.addresses,
                settings: &self.settings,
                heads: &self.heads,
            };
            document(&press, &frame, *format, &items)
        });
        let mut bytes: Vec<Vec<u8>> = documents.collect();
        if outline.page.is_some() {
            return bytes;
        }
        if self.is_paged(&outline.follow) {
            bytes.push(self.page(outline, entries));
        }
        let aliases = match &outline.follow {
            Follow::Label(label) => self.labels.aliases_of(label).count(),
            Follow::Site => 0,
        };
        let own = bytes.len();
        (0..aliases).for_each(|_| bytes.extend_from_within(..own));
        bytes
    }

    fn page(&self, outline: &Outline, entries: &[Shown<'_>]) -> Vec<u8> {
        let articles: Vec<_> = entries.iter().filter_map(Shown::article).collect();
        let bot = self.bot.as_deref();
        let feed = (&outline.follow, &*outline.title);
        feeds::feed_page(
            &self.site,
            &self.addresses,
            &self.settings,
            bot,
            feed,
            &articles,
        )
    }
}
