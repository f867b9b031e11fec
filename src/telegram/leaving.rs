//! The moment from which on Telegram may have a message: the first byte of its body goes to the network.
//! In: the bytes of a request. Out: the same bytes, once somebody has noted that they leave.
//! Before that moment, while a name is looked up or a connection made, nothing was sent, whatever happens.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Told of the moment, and asked about it later. Clones are one and the same.
#[derive(Clone)]
pub struct Leaving(Arc<Inner>);

struct Inner {
    note: Box<dyn Fn() -> io::Result<()> + Send + Sync>,
    has_left: AtomicBool,
}

impl Leaving {
    /// `note` runs before the first byte leaves; if it fails, none does.
    pub fn noted_by(note: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        Leaving(Arc::new(Inner {
            note: Box::new(note),
            has_left: AtomicBool::new(false),
        }))
    }

    /// The moment is now.
    ///
    /// # Errors
    /// It could not be noted: nothing may leave.
    pub fn now(&self) -> io::Result<()> {
        (self.0.note)()?;
        self.0.has_left.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Whether the moment was.
    pub fn has_left(&self) -> bool {
        self.0.has_left.load(Ordering::SeqCst)
    }
}

/// The body of one request. hyper asks for it when it has a connection, before it writes anything.
pub struct LeavingBody {
    bytes: Option<Bytes>,
    leaving: Leaving,
}

impl LeavingBody {
    /// `bytes` in one piece.
    pub fn new(bytes: Vec<u8>, leaving: &Leaving) -> Self {
        LeavingBody {
            bytes: Some(bytes.into()),
            leaving: leaving.clone(),
        }
    }
}

impl Body for LeavingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        let noted = self.leaving.now();
        Poll::Ready(Some(noted.map(|()| Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}
