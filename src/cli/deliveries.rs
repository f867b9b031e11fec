//! `tagwire deliveries`: what the outbox holds. In: filters. Out: a row each, the newest first.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;

use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::model::{ChatId, PostId};
use crate::store::{DeliveryFilter, DeliveryRow};

/// Which rows to show.
#[derive(Args)]
pub struct Options {
    /// Only these: pending, held (in a digest that waits), sending, sent, unknown, failed, skipped
    #[arg(long, value_parser = ["pending", "held", "sending", "sent", "unknown", "failed", "skipped"])]
    state: Option<String>,
    /// Only this chat: a number or @name
    #[arg(long, allow_hyphen_values = true)]
    chat: Option<String>,
    /// Only this post: its id
    #[arg(long)]
    post: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// One JSON object a line, times in RFC 3339
    #[arg(long)]
    pub(super) json: bool,
}

/// Lists rows of the outbox.
pub fn execute(setup: &Setup, options: &Options) -> Result<Verdict, AppError> {
    let chat = options.chat.as_deref().map(|text| match text.parse() {
        Ok(id) => ChatId::Id(id),
        Err(_) => ChatId::Name(text.to_owned()),
    });
    let filter = DeliveryFilter {
        state: options.state.clone(),
        chat,
        post: options.post.clone().map(PostId::new),
        // One more tells whether there are more.
        limit: i64::from(options.limit) + 1,
    };
    if !super::has_store(setup)? {
        return Ok(Verdict::Found);
    }
    let mut rows = block_on(async {
        let store = setup.open_store().await?;
        let rows = store.deliveries(&filter).await?;
        store.close().await;
        Ok(rows)
    })?;
    let shown = usize::try_from(options.limit).unwrap_or(usize::MAX);
    if rows.len() > shown {
        rows.truncate(shown);
        warn!("there are more than these {shown}: --limit shows as many as you like");
    }
    let mut out = io::stdout().lock();
    for row in &rows {
        let line = match options.json {
            true => json(row, setup).to_string(),
            false => line(row, setup),
        };
        // A closed pipe (`| head`) ends the list.
        let written = writeln!(out, "{line}");
        let is_over = written.is_err();
        super::said(written);
        if is_over {
            break;
        }
    }
    Ok(if rows.is_empty() {
        Verdict::Found
    } else {
        Verdict::Fine
    })
}

/// The site's time of a moment.
fn time(millis: i64, setup: &Setup) -> String {
    crate::model::time::in_site(millis, setup.site.timezone)
}

fn line(row: &DeliveryRow, setup: &Setup) -> String {
    let at = time(row.settled_at.unwrap_or(row.created_at), setup);
    let mut reason = row.reason.as_deref().map(|reason| format!("  ({reason})"));
    if let Some(due) = row.due.filter(|due| *due > setup.clock.now()) {
        let until = format!("  waits until {}", time(due, setup));
        reason = Some(reason.unwrap_or_default() + &until);
    }
    let doubt = match row.unknowns {
        0 => String::new(),
        times => format!("  fate unknown {times}×"),
    };
    format!(
        "{:>7}  {at}  {:<8} {:<6} {}  {}{}{doubt}",
        row.delivery,
        row.state,
        row.kind,
        row.chat,
        row.post,
        reason.unwrap_or_default()
    )
}

fn json(row: &DeliveryRow, setup: &Setup) -> serde_json::Value {
    json!({
        "delivery": row.delivery,
        "post": row.post.as_str(),
        "chat": row.chat.to_string(),
        "kind": row.kind,
        "state": row.state,
        "reason": row.reason,
        "message_id": row.message_id,
        "attempts": row.attempts,
        "unknowns": row.unknowns,
        "planned": time(row.created_at, setup),
        "due": row.due.filter(|due| *due > 0).map(|due| time(due, setup)),
        "settled": row.settled_at.map(|at| time(at, setup)),
    })
}
