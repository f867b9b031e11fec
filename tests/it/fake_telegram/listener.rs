//! A TCP listener whose connections can be reset (RST) in the middle of a request.
//!
//! In: sockets. Out: the same sockets, each with a [`Scissors`] that a handler can use.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Marks one connection to be reset when it closes.
#[derive(Clone, Default)]
pub struct Scissors(Arc<AtomicBool>);

impl Scissors {
    /// Ends the connection of this request; the task that serves it ends with us.
    pub fn cut(&self) -> ! {
        self.0.store(true, Ordering::SeqCst);
        // No panic hook runs, so the test's output stays clean.
        std::panic::resume_unwind(Box::new("connection cut by a planned fault"))
    }
}

impl Connected<IncomingStream<'_, Loopback>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Self {
        stream.io().scissors.clone()
    }
}

pub struct Loopback(pub TcpListener);

impl Listener for Loopback {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.0).await;
        let scissors = Scissors::default();
        (Connection { stream, scissors }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub struct Connection {
    stream: TcpStream,
    scissors: Scissors,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.scissors.0.load(Ordering::SeqCst) {
            // With no time to linger, close sends RST instead of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
