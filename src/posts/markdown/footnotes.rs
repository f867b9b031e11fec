//! Footnotes under kramdown's names: Jekyll's page has those, and the links of a feed lead there.
//! In: Markdown as comrak takes it. Out: comrak's HTML but for the names of footnotes.

use std::fmt::{self, Write};

use comrak::html::{ChildRendering, Context, format_document_with_formatter, format_node_default};
use comrak::nodes::{Node, NodeFootnoteDefinition, NodeFootnoteReference, NodeValue};
use comrak::options::Plugins;
use comrak::{Arena, Options, parse_document};

/// Renders Markdown.
pub(super) fn to_html(markdown: &str, options: &Options) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, options);
    let mut html = String::new();
    let plugins = Plugins::default();
    let written = format_document_with_formatter(root, options, &mut html, &plugins, write, ());
    debug_assert!(written.is_ok(), "a `String` takes whatever is written");
    html
}

/// The beginning or the end of a node.
fn write(context: &mut Context, node: Node, begins: bool) -> Result<ChildRendering, fmt::Error> {
    match &node.data().value {
        NodeValue::FootnoteReference(note) if begins => reference(context, note)?,
        NodeValue::FootnoteReference(_) => {}
        NodeValue::FootnoteDefinition(note) if begins => begin(context, node, note)?,
        NodeValue::FootnoteDefinition(note) => end(context, node, note)?,
        NodeValue::Paragraph if !begins && node.next_sibling().is_none() => {
            return last_paragraph(context, node);
        }
        _ => return format_node_default(context, node, begins),
    }
    Ok(ChildRendering::HTML)
}

fn reference(context: &mut Context, note: &NodeFootnoteReference) -> fmt::Result {
    context.write_str("<sup class=\"footnote-ref\"><a href=\"#fn:")?;
    context.escape_href(&note.name)?;
    context.write_str("\" id=\"fnref:")?;
    again(context, &note.name, note.ref_num)?;
    write!(context, "\">{}</a></sup>", note.ix)
}

/// The name of one of the places that refer to a note, whose number is from 1: kramdown counts from the second one.
fn again(context: &mut Context, name: &str, number: u32) -> fmt::Result {
    context.escape_href(name)?;
    match number {
        0 | 1 => Ok(()),
        number => write!(context, ":{}", number - 1),
    }
}

/// The notes are the last nodes of a document, one behind the other.
fn is_note(node: Option<Node>) -> bool {
    node.is_some_and(|node| matches!(node.data().value, NodeValue::FootnoteDefinition(_)))
}

fn begin(context: &mut Context, node: Node, note: &NodeFootnoteDefinition) -> fmt::Result {
    if !is_note(node.previous_sibling()) {
        context.write_str("<section class=\"footnotes\">\n<ol>\n")?;
    }
    context.write_str("<li id=\"fn:")?;
    context.escape_href(&note.name)?;
    context.write_str("\">")
}

fn end(context: &mut Context, node: Node, note: &NodeFootnoteDefinition) -> fmt::Result {
    let last = node.last_child();
    if !last.is_some_and(|last| matches!(last.data().value, NodeValue::Paragraph)) {
        arrows(context, note)?;
        context.lf()?;
    }
    context.write_str("</li>\n")?;
    if !is_note(node.next_sibling()) {
        context.write_str("</ol>\n</section>\n")?;
    }
    Ok(())
}

/// The end of a paragraph that may be a note's last one: its arrows stand there.
fn last_paragraph(context: &mut Context, node: Node) -> Result<ChildRendering, fmt::Error> {
    let above = node.parent().map(|parent| parent.data());
    if let Some(NodeValue::FootnoteDefinition(note)) = above.as_deref().map(|above| &above.value) {
        context.write_str(" ")?;
        arrows(context, note)?;
        context.write_str("</p>\n")?;
        return Ok(ChildRendering::HTML);
    }
    format_node_default(context, node, false)
}

/// From a note back to each place that refers to it.
fn arrows(context: &mut Context, note: &NodeFootnoteDefinition) -> fmt::Result {
    for number in 1..=note.total_references {
        if number > 1 {
            context.write_str(" ")?;
        }
        context.write_str("<a href=\"#fnref:")?;
        again(context, &note.name, number)?;
        context.write_str("\" class=\"footnote-backref\">↩")?;
        if number > 1 {
            write!(context, "<sup class=\"footnote-ref\">{number}</sup>")?;
        }
        context.write_str("</a>")?;
    }
    Ok(())
}
