//! OPML 2.0: all feeds in one file that feed readers import.
//! In: what can be followed, with display names. Out: bytes, grouped by kind, in the given order.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::text::clean;
use super::{Addresses, Format, Settings};
use crate::model::{Follow, LabelKind, Site};

/// The list of all feeds, each in the first of the configured formats.
pub fn opml(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    follows: &[(Follow, String)],
) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    // Writing into memory cannot fail; the crate's signature is about other writers.
    let _ = write(&mut writer, site, addresses, settings, follows);
    writer.into_inner()
}

fn write(
    writer: &mut Writer<Vec<u8>>,
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    follows: &[(Follow, String)],
) -> std::io::Result<()> {
    let format = settings.formats.first().copied().unwrap_or(Format::Atom);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let root = writer
        .create_element("opml")
        .with_attribute(("version", "2.0"));
    root.write_inner_content(|writer| {
        writer
            .create_element("head")
            .write_inner_content(|writer| {
                let title = writer.create_element("title");
                title.write_text_content(BytesText::new(&clean(&site.title)))?;
                Ok(())
            })?;
        writer
            .create_element("body")
            .write_inner_content(|writer| {
                for (heading, of_group) in groups(follows) {
                    let Some(heading) = heading else {
                        write_feeds(writer, addresses, format, &of_group)?;
                        continue;
                    };
                    let group = writer
                        .create_element("outline")
                        .with_attribute(("text", heading));
                    group.write_inner_content(|writer| {
                        write_feeds(writer, addresses, format, &of_group)
                    })?;
                }
                Ok(())
            })?;
        Ok(())
    })?;
    Ok(())
}

fn write_feeds(
    writer: &mut Writer<Vec<u8>>,
    addresses: &Addresses,
    format: Format,
    follows: &[&(Follow, String)],
) -> std::io::Result<()> {
    for (follow, title) in follows {
        let title = clean(title);
        let feed = writer.create_element("outline").with_attributes([
            ("type", "rss"),
            ("text", &title),
            ("title", &title),
            ("xmlUrl", &addresses.url(follow, format)),
            ("htmlUrl", &addresses.alternate(follow)),
        ]);
        feed.write_empty()?;
    }
    Ok(())
}

/// Feeds under one heading; the site has none.
pub type Group<'a> = (Option<&'static str>, Vec<&'a (Follow, String)>);

/// The site first and without heading, then the kinds that occur.
pub fn groups(follows: &[(Follow, String)]) -> Vec<Group<'_>> {
    let of = |wanted: Option<LabelKind>| -> Vec<&(Follow, String)> {
        let kind = |follow: &Follow| match follow {
            Follow::Site => None,
            Follow::Label(label) => Some(label.kind),
        };
        follows
            .iter()
            .filter(|(follow, _)| kind(follow) == wanted)
            .collect()
    };
    let groups = [
        (None, of(None)),
        (Some("topics"), of(Some(LabelKind::Topic))),
        (Some("categories"), of(Some(LabelKind::Category))),
        (Some("tags"), of(Some(LabelKind::Tag))),
    ];
    groups
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .collect()
}
