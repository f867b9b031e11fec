//! A listener that slow, idle and too many clients cannot exhaust.
//! In: TCP connections. Out: the same, each with a deadline that only answers push back.
//! axum gives no access to hyper's header timeout, so the limits sit below both.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// A request must be whole within this time after the connection or the previous answer; it is
/// also how long an idle connection lives. A client that sends a byte now and then gains nothing.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// Most bytes of one request. hyper would buffer 400 KB for each connection.
const LARGEST_REQUEST: usize = 64 * 1024;
/// Most connections at a time; more wait in the kernel's queue.
const CONNECTIONS: usize = 1024;

/// Takes connections, bounded in number and time.
pub struct Guarded {
    listener: TcpListener,
    free: Arc<Semaphore>,
    request_within: Duration,
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
        }
    }
}

impl Listener for Guarded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed, so there always is a permit in the end.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let connection = Connection {
            stream,
            within: self.request_within,
            deadline: Box::pin(sleep(self.request_within)),
            read: 0,
            _permit: permit,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection with a deadline that moves only when bytes of an answer leave.
pub struct Connection {
    stream: TcpStream,
    within: Duration,
    deadline: Pin<Box<Sleep>>,
    /// Bytes that came in since the last answer.
    read: usize,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn check_deadline(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            Poll::Pending => Ok(()),
        }
    }

    fn answered(&mut self) {
        let later = Instant::now() + self.within;
        self.deadline.as_mut().reset(later);
        self.read = 0;
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_deadline(cx)?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.read += buf.filled().len() - before;
        if self.read > LARGEST_REQUEST {
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
        self.check_deadline(cx)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.answered();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_deadline(cx)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts))?;
        self.answered();
        Poll::Ready(Ok(written))
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
