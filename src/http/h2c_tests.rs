//! HTTP/2 without TLS: a real client, and frames that no honest client sends.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tests::{World, long, world};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `GET /` with HPACK's static table, and `:authority x` as a literal.
const GET_ROOT: &[u8] = &[0x82, 0x84, 0x86, 0x01, 0x01, b'x'];

/// A connection that has said hello.
async fn rude(world: &World) -> TcpStream {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// Sends `frames` again and again until the server ends the connection; the bytes that it took.
async fn until_cut_off(stream: TcpStream, mut next: impl FnMut() -> Vec<u8>) -> usize {
    let (mut answers, mut requests) = stream.into_split();
    let mut sent = 0;
    let flood = async {
        loop {
            let frame = next();
            if requests.write_all(&frame).await.is_err() {
                return;
            }
            sent += frame.len();
            // The other end has its turn on this one thread.
            tokio::task::yield_now().await;
        }
    };
    let ended = async {
        let mut answer = [0; 4096];
        while answers.read(&mut answer).await.unwrap_or(0) > 0 {}
    };
    let either = async {
        tokio::select! {
            () = flood => {}
            () = ended => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(30), either)
        .await
        .expect("never cut off");
    sent
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let world = world().await;
    let body = long("<p>新闻</p>");
    world.publish("feed/a.xml", body.clone());
    let stream = TcpStream::connect(world.address).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut under_way = Vec::new();
    for number in 0..100 {
        sender.ready().await.unwrap();
        let path = ["/feed/a.xml", "/none"][number % 2];
        let request = Request::get(format!("http://x{path}"));
        under_way.push(sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()));
    }
    for (number, answer) in under_way.into_iter().enumerate() {
        let answer = answer.await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        assert_eq!(answer.status(), [200, 404][number % 2]);
        let sent = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(number % 2 == 1 || sent == body);
    }
    let head = Request::head("http://x/feed/a.xml").body(Empty::<Bytes>::new());
    let head = sender.send_request(head.unwrap()).await.unwrap();
    assert_eq!(head.headers()["content-length"], body.len().to_string());
    let large = Request::get("http://x/").header("x", "x".repeat(20_000));
    let large = sender
        .send_request(large.body(Empty::<Bytes>::new()).unwrap())
        .await;
    assert!(large.is_err() || large.unwrap().status() == 431);
}

#[tokio::test]
async fn a_flood_of_continuations_is_cut_off() {
    let world = world().await;
    let mut stream = rude(&world).await;
    stream
        .write_all(&frame(HEADERS, 1, 1, GET_ROOT))
        .await
        .unwrap();
    // A literal header of 1,000 bytes in each, and no END_HEADERS ever.
    let mut field = vec![0x00, 0x01, b'a', 0x7f, 0xe9, 0x06];
    field.extend([b'x'; 1000]);
    let sent = until_cut_off(stream, || frame(CONTINUATION, 0, 1, &field)).await;
    assert!(sent < 2_000_000, "{sent}");
}

#[tokio::test]
async fn a_rapid_reset_is_cut_off() {
    let world = world().await;
    let stream = rude(&world).await;
    let mut id = 1;
    let sent = until_cut_off(stream, || {
        let mut both = frame(HEADERS, 5, id, GET_ROOT);
        both.extend(frame(RST_STREAM, 0, id, &[0, 0, 0, 8]));
        id += 2;
        both
    })
    .await;
    assert!(sent < 20_000_000, "{sent}");
}

#[tokio::test]
async fn nonsense_instead_of_frames_ends_the_connection() {
    let world = world().await;
    for nonsense in [
        frame(HEADERS, 5, 0, GET_ROOT),
        frame(HEADERS, 5, 2, GET_ROOT),
        frame(CONTINUATION, 4, 1, GET_ROOT),
        frame(HEADERS, 5, 1, &[0xff; 64]),
        frame(SETTINGS, 0, 0, &[0; 5]),
        vec![0xff; 64],
    ] {
        let mut stream = rude(&world).await;
        let _ = stream.write_all(&nonsense).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let read = tokio::time::timeout(Duration::from_secs(20), read).await;
        assert!(read.is_ok(), "{nonsense:?} is borne");
    }
    // And the server still answers.
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
