//! The moment from which on Telegram may have a message: the first byte of its body goes to the network.
//! In: the bytes of a request. Out: the same bytes, once somebody has noted that they leave.
//! Before that moment, while a name is looked up or a connection made, nothing was sent, whatever happens.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Told of the moment, and asked about it later. Clones are one and the same.
#[derive(Clone)]
pub struct Leaving(Arc<Inner>);

struct Inner {
    note: Box<dyn Fn() -> io::Result<()> + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    Left,
    /// Whoever waited for the answer went away before.
    Withdrawn,
}

impl Leaving {
    /// `note` runs before the first byte leaves; if it fails, none does.
    pub fn noted_by(note: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        Leaving(Arc::new(Inner {
            note: Box::new(note),
            state: Mutex::new(State::Waits),
        }))
    }

    /// The moment is now, or was before.
    ///
    /// # Errors
    /// It could not be noted, or nobody waits any more: nothing may leave.
    pub fn now(&self) -> io::Result<()> {
        let mut state = self.state();
        match *state {
            State::Left => Ok(()),
            State::Withdrawn => Err(io::Error::other("nobody waits for the answer")),
            State::Waits => {
                (self.0.note)()?;
                *state = State::Left;
                Ok(())
            }
        }
    }

    /// Whether the moment never was, and never will be: hyper may still hold the body after a timeout.
    pub fn withdraw(&self) -> bool {
        let mut state = self.state();
        if *state == State::Waits {
            *state = State::Withdrawn;
        }
        *state == State::Withdrawn
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of one request. hyper asks for it when it has a connection, before it writes anything.
pub struct LeavingBody {
    bytes: Option<Bytes>,
    leaving: Leaving,
}

impl LeavingBody {
    /// `bytes` in one piece.
    pub fn new(bytes: Bytes, leaving: &Leaving) -> Self {
        LeavingBody {
            bytes: Some(bytes),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_bytes_leave_once_it_is_noted_and_never_when_it_cannot_be() {
        let noted = Arc::new(AtomicUsize::new(0));
        let count = noted.clone();
        let leaving = Leaving::noted_by(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        for _ in 0..2 {
            let body = LeavingBody::new(Bytes::from("{}"), &leaving);
            assert_eq!(body.size_hint().exact(), Some(2));
            assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
        }
        assert_eq!(
            noted.load(Ordering::SeqCst),
            1,
            "once, after a redirect too"
        );
        assert!(!leaving.withdraw());

        let full = Leaving::noted_by(|| Err(io::Error::other("disk full")));
        let body = LeavingBody::new(Bytes::from("{}"), &full);
        assert!(body.collect().await.is_err());
        assert!(full.withdraw());

        let withdrawn = Leaving::noted_by(|| Ok(()));
        assert!(withdrawn.withdraw());
        let body = LeavingBody::new(Bytes::from("{}"), &withdrawn);
        assert!(body.collect().await.is_err(), "too late");
    }
}
