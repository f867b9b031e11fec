//! Connections become requests, requests answers; HTTP/1.1, and HTTP/2 without TLS for proxies.
//! In: a listener. Out: nothing until it is told to stop; then running answers are finished.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Serving;
use super::answer::{Answer, text, with};
use super::files::Files;
use super::guard::{Connection, Guarded};
use super::hook::LARGEST_BODY;

/// A connection is ended in good order after this long. Readers open a new one; those who hold a
/// place by reading a byte at a time do not keep it.
const OLDEST: Duration = Duration::from_secs(600);
/// Longest that running answers are waited for when a connection or the server ends.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// The whole head of a request; none of our visitors needs more.
const LARGEST_HEAD: usize = 16 * 1024;
/// Requests at a time on one HTTP/2 connection: the least that RFC 9113 section 6.5.2 recommends.
const STREAMS: u32 = 100;
/// What one HTTP/2 stream may hold of an answer that its client does not take.
const STREAM_BUFFER: usize = 64 * 1024;

/// Serves until `stop` is done, then lets running answers finish. Slow and idle clients are cut
/// off, and only so many are taken at a time: see `guard`.
pub async fn serve(listener: TcpListener, serving: Serving, stop: impl Future<Output = ()>) {
    let guarded = Guarded::new(listener);
    let guarded = match serving.hook {
        Some(_) => guarded.with_bodies(LARGEST_BODY),
        None => guarded,
    };
    serve_guarded(guarded, serving, stop).await;
}

pub(super) async fn serve_guarded(
    guarded: Guarded,
    serving: Serving,
    stop: impl Future<Output = ()>,
) {
    let server = Arc::new(Server::new(serving));
    let builder = Arc::new(limits());
    let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
    let mut stop = pin!(stop);
    loop {
        let (connection, client) = tokio::select! {
            () = &mut stop => break,
            accepted = guarded.accept() => accepted,
        };
        let (server, builder) = (Arc::clone(&server), Arc::clone(&builder));
        let closing = closing.clone();
        tasks.spawn(async move { converse(connection, client, server, &builder, closing).await });
    }
    drop(guarded);
    closing.cancel();
    tasks.close();
    tasks.wait().await;
}

/// One connection, to its end.
async fn converse(
    connection: Connection,
    client: SocketAddr,
    server: Arc<Server>,
    builder: &Builder<TokioExecutor>,
    closing: CancellationToken,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let server = Arc::clone(&server);
        async move {
            let answer = match server.hook.as_ref().filter(|hook| hook.is_meant(&request)) {
                Some(hook) => hook.answer(request).await,
                None => server.answer(&request, client).await,
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let mut exchange = pin!(builder.serve_connection(TokioIo::new(connection), service));
    tokio::select! {
        biased;
        // How a client leaves is its own business.
        _ = exchange.as_mut() => return,
        () = closing.cancelled() => {}
        () = sleep(OLDEST) => {}
    }
    exchange.as_mut().graceful_shutdown();
    let _ = timeout(FINISH_WITHIN, exchange).await;
}

fn limits() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Time is bounded by `guard`, for both versions alike.
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(2 * LARGEST_HEAD);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(LARGEST_HEAD as u32)
        .max_send_buf_size(STREAM_BUFFER)
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(65_535);
    builder
}

/// Answers requests.
struct Server {
    files: Files,
    health: super::Health,
    access_log: bool,
    hook: Option<super::Hook>,
}

impl Server {
    fn new(serving: Serving) -> Self {
        Server {
            health: serving.health.clone(),
            access_log: serving.access_log,
            hook: serving.hook.clone(),
            files: Files::new(serving),
        }
    }

    async fn answer<B>(&self, request: &Request<B>, client: SocketAddr) -> Answer {
        let begun = self.access_log.then(Instant::now);
        let mut answer = self.choose(request).await;
        let nosniff = HeaderValue::from_static("nosniff");
        let headers = answer.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
        if *request.method() == Method::HEAD {
            behead(&mut answer);
        }
        if let Some(begun) = begun {
            log(request, &answer, client, begun.elapsed());
        }
        answer
    }

    async fn choose<B>(&self, request: &Request<B>) -> Answer {
        if head_size(request) > LARGEST_HEAD {
            let words = "the request's head is too large\n";
            return text(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, words);
        }
        match *request.method() {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => return with(text(StatusCode::OK, ""), header::ALLOW, ALLOWED),
            _ => {
                let words = "only GET and HEAD\n";
                let refusal = text(StatusCode::METHOD_NOT_ALLOWED, words);
                return with(refusal, header::ALLOW, ALLOWED);
            }
        }
        match request.uri().path() {
            "/healthz" => self.health.answer(),
            path => self.files.answer(path, request.headers()).await,
        }
    }
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

fn head_size<B>(request: &Request<B>) -> usize {
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    let address = request.uri().path_and_query();
    let address = address.map_or(0, |at| at.as_str().len());
    request.headers().iter().map(size).sum::<usize>() + address
}

/// What GET would say, without its body.
fn behead(answer: &mut Answer) {
    let body = std::mem::take(answer.body_mut());
    if let (StatusCode::OK, Some(length)) = (answer.status(), body.size_hint().exact()) {
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    *answer.body_mut() = Full::default();
}

/// One line a request. No query: it may hold what somebody took for a secret.
fn log<B>(request: &Request<B>, answer: &Answer, client: SocketAddr, took: Duration) {
    let coding = answer.headers().get(header::CONTENT_ENCODING);
    let agent = request.headers().get(header::USER_AGENT);
    tracing::info!(
        target: "tagwire::access",
        client = %client.ip(),
        method = %request.method(),
        path = request.uri().path(),
        status = answer.status().as_u16(),
        bytes = answer.body().size_hint().exact(),
        coding = coding.and_then(|coding| coding.to_str().ok()),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        // `Debug` of a header value writes what is not plain ASCII as escapes.
        agent = agent.map(tracing::field::debug),
    );
}
