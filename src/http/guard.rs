//! A listener that slow, idle and too many clients cannot exhaust.
//! In: TCP connections. Out: the same, each with a deadline that only answers push back.
//! It sits below HTTP/1.1 and HTTP/2, so one rule holds for both.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// A request must be whole, and answered, within this time after its first byte; it is also how long an idle connection
/// lives. A client that sends a byte now and then gains nothing.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// Most bytes of one request. hyper would buffer 400 KB for each connection.
const LARGEST_REQUEST: usize = 64 * 1024;
/// Most connections at a time; more wait in the kernel's queue.
const CONNECTIONS: usize = 1024;
/// While all places are taken, silence is borne for this part of its usual time only.
const WHEN_CROWDED: u32 = 6;

/// Takes connections, bounded in number and time.
pub struct Guarded {
    listener: TcpListener,
    free: Arc<Semaphore>,
    request_within: Duration,
    largest: usize,
}

impl Guarded {
    /// Bounds every connection of `listener`.
    pub fn new(listener: TcpListener) -> Self {
        Guarded::with(listener, REQUEST_WITHIN, CONNECTIONS)
    }

    pub(super) fn with(listener: TcpListener, request_within: Duration, most: usize) -> Self {
        Guarded {
            listener,
            free: Arc::new(Semaphore::new(most)),
            request_within,
            largest: LARGEST_REQUEST,
        }
    }

    /// Takes requests with bodies of so many bytes, too.
    pub fn with_bodies(mut self, bytes: usize) -> Self {
        self.largest = LARGEST_REQUEST + bytes;
        self
    }

    /// The next connection, once there is a place for it.
    pub async fn accept(&self) -> (Connection, SocketAddr) {
        // The semaphore is never closed, so there always is a permit in the end.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        let (stream, address) = self.next().await;
        // An answer is one write: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            stream,
            within: self.request_within,
            largest: self.largest,
            answered: Instant::now(),
            timer: Box::pin(sleep(self.request_within / WHEN_CROWDED)),
            read: 0,
            free: Arc::clone(&self.free),
            _permit: permit,
        };
        (connection, address)
    }

    async fn next(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    // No file handles left, most likely: some come back as connections end.
                    tracing::warn!(%error, "no connection can be taken just now");
                    sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// A connection with a deadline that moves only when bytes of an answer leave.
pub struct Connection {
    stream: TcpStream,
    within: Duration,
    largest: usize,
    answered: Instant,
    /// Looks at the deadline now and then: to set it anew with each answer would cost more.
    timer: Pin<Box<Sleep>>,
    /// Bytes that came in since the last answer.
    read: usize,
    free: Arc<Semaphore>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// Called when there is nothing to do but wait.
    fn check_deadline(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let patience = match self.free.available_permits() {
                0 => self.within / WHEN_CROWDED,
                _ => self.within,
            };
            let now = Instant::now();
            if now.duration_since(self.answered) >= patience {
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            self.timer.as_mut().reset(now + self.within / WHEN_CROWDED);
        }
        Ok(())
    }

    fn answered(&mut self) {
        self.answered = Instant::now();
        self.read = 0;
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.check_deadline(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        sent: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match sent {
            Poll::Pending => self.wait(cx),
            Poll::Ready(Ok(0)) => sent,
            Poll::Ready(_) => {
                self.answered();
                sent
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if Pin::new(&mut self.stream).poll_read(cx, buf)?.is_pending() {
            return self.wait(cx);
        }
        let read = buf.filled().len() - before;
        if self.read == 0 && read > 0 {
            // How long it was idle before is no part of this request.
            self.answered = Instant::now();
        }
        self.read += read;
        if self.read > self.largest {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::InvalidData)));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.wrote(cx, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
