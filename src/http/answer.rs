//! Answers, whole in memory.
//! In: a status and words. Out: a response that hyper sends.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};

/// What goes out: every body is known whole before its head is sent.
pub type Answer = Response<Full<Bytes>>;

/// A plain answer for programs.
pub fn text(status: StatusCode, words: impl Into<Bytes>) -> Answer {
    of(status, "text/plain; charset=utf-8", words)
}

/// An answer of the type `kind`.
pub fn of(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// The same with one more header.
pub fn with(mut answer: Answer, name: header::HeaderName, value: &'static str) -> Answer {
    answer
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    answer
}
