//! The built-in web server: published feeds and a health answer.
//! In: requests, and the shelf of what is published. Out: files with validators, so that most
//! polls end in a 304 without a byte read from disk.

mod conditional;
mod files;
mod guard;
mod health;
mod shelf;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::model::Site;

pub use health::Health;
pub use shelf::Shelf;

/// The `http` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on; empty: no server (default `127.0.0.1:8080`).
    pub listen: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: "127.0.0.1:8080".to_owned(),
        }
    }
}

/// Longest that an answer may take to begin: a disk that hangs must not pile up requests.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Most bytes of a request's headers and address: feed readers send well below 2 KiB.
const LARGEST_HEAD: usize = 16 * 1024;

/// All routes. `/healthz` is ours; every other path is looked up on the shelf.
pub fn router(shelf: Shelf, health: Health, site: &Site) -> Router {
    let files = files::Files::new(shelf, site);
    let nosniff = (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Router::new()
        .route("/healthz", get(move || async move { health.answer() }))
        .fallback(move |request: Request| async move { files.answer(request).await })
        .layer(middleware::from_fn(refuse_large_heads))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_WITHIN,
        ))
        .layer(CatchPanicLayer::new())
        .layer(SetResponseHeaderLayer::overriding(nosniff.0, nosniff.1))
}

/// hyper itself takes heads of some 400 KB; none of our visitors needs that.
async fn refuse_large_heads(request: Request, next: Next) -> Response {
    let fields = request.headers().iter();
    let fields: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |at| at.as_str().len());
    if fields + address > LARGEST_HEAD {
        let words = "the request's head is too large\n";
        return (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, words).into_response();
    }
    next.run(request).await
}

/// Serves until `stop` is done, then lets running answers finish. Slow and idle clients are cut
/// off, and only so many are taken at a time: see `guard`.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let guarded = guard::Guarded::new(listener);
    axum::serve(guarded, router)
        .with_graceful_shutdown(stop)
        .await
}
