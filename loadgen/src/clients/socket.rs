//! A client's socket; on a sample of them the kernel says when bytes came, and so how late they were read.

use std::{
    cell::RefCell,
    io::{self, IoSliceMut},
    os::fd::{AsFd, AsRawFd},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use hdrhistogram::Histogram;
use nix::{
    sys::{
        socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns},
        time::TimeSpec,
    },
    time::{ClockId, clock_gettime},
};
use rustix::net::sockopt::set_tcp_quickack;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

use super::window::{MeasurePhase, histogram};

/// Collects how late bytes were read. The kernel stamps the last segment that a read returned, as it arrived.
#[derive(Debug, Clone)]
pub struct LagMeter {
    phase: MeasurePhase,
    lag: Rc<RefCell<Histogram<u64>>>,
}

impl LagMeter {
    /// A meter that counts while the measure phase is known.
    pub fn new(phase: MeasurePhase) -> Self {
        Self { phase, lag: Rc::new(RefCell::new(histogram(3))) }
    }

    /// What was collected since that was last asked, nanoseconds.
    pub fn take(&self) -> Histogram<u64> {
        self.lag.replace(histogram(3))
    }

    fn record(&self, arrived: TimeSpec) {
        // The kernel stamps with the calendar's clock, so it alone can be subtracted here.
        if let (Some(_), Ok(now)) = (self.phase.get(), clock_gettime(ClockId::CLOCK_REALTIME)) {
            let lag = std::time::Duration::from(now).saturating_sub(std::time::Duration::from(arrived));
            self.lag.borrow_mut().saturating_record(lag.as_nanos() as u64);
        }
    }
}

/// Has the kernel hold acknowledgements back, for data to ride on or up to 40 ms (`TCP_QUICKACK` off, tcp(7)): else a connection that
/// only receives sends each within the read, and one that asks never does.
pub fn hold_acknowledgements(socket: &impl AsFd) -> io::Result<()> {
    Ok(set_tcp_quickack(socket, false)?)
}

/// A connected socket.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    lag: Option<LagMeter>,
}

impl Socket {
    /// Wraps a connected stream; with a meter, its reads are timed.
    pub fn new(stream: TcpStream, lag: Option<LagMeter>) -> io::Result<Self> {
        if lag.is_some() {
            setsockopt(&stream, ReceiveTimestampns, &true)?;
        }
        Ok(Self { stream, lag })
    }

    /// Sends the acknowledgement that is held back, and holds back the next. The kernel forgets that mode on its own, so it is set anew.
    pub fn acknowledge(&self) -> io::Result<()> {
        set_tcp_quickack(&self.stream, true)?;
        hold_acknowledgements(&self.stream)
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(lag) = self.lag.clone() else {
            return Pin::new(&mut self.stream).poll_read(context, buf);
        };
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            let space = buf.initialize_unfilled();
            match self.stream.try_io(Interest::READABLE, || read_timed(&self.stream, space)) {
                Ok((bytes, arrived)) => {
                    buf.advance(bytes);
                    if let Some(arrived) = arrived {
                        lag.record(arrived);
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Room for one control message with a time, and on the stack: a read allocates nothing (cmsg(3)).
#[repr(align(8))]
struct Control([u8; 64]);

/// Reads, with the time at which the kernel received what was read.
fn read_timed(stream: &TcpStream, space: &mut [u8]) -> io::Result<(usize, Option<TimeSpec>)> {
    let mut control = Control([0; 64]);
    let mut parts = [IoSliceMut::new(space)];
    let message = recvmsg::<()>(stream.as_raw_fd(), &mut parts, Some(&mut control.0), MsgFlags::empty())?;
    let arrived = message.cmsgs()?.find_map(|part| match part {
        ControlMessageOwned::ScmTimestampns(time) => Some(time),
        _ => None,
    });
    Ok((message.bytes, arrived))
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use rustix::net::{RecvFlags, recv};

    use super::*;
    use protocol::{clock, control::Window};

    /// Connected over loopback.
    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (ours, listener.accept().await.unwrap().0)
    }

    /// Nagle's algorithm tells: a second small segment leaves the other end once the first is acknowledged. By itself the kernel does that
    /// after 40 ms (to a tick), so only tries that are over by half of these say anything.
    #[tokio::test]
    async fn an_acknowledgement_is_held_back_until_its_turn() {
        let (ours, mut theirs) = pair().await;
        hold_acknowledgements(&ours).unwrap();
        let mut ours = Socket::new(ours, None).unwrap();
        let (mut byte, mut told) = ([0], 0);
        for _ in 0..100 {
            let begun_ns = clock::now_ns();
            theirs.write_all(b"1").await.unwrap();
            ours.read_exact(&mut byte).await.unwrap();
            theirs.write_all(b"2").await.unwrap();
            let came_before = recv(&ours.stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok();
            ours.acknowledge().unwrap();
            ours.read_exact(&mut byte).await.unwrap();
            let in_time = clock::now_ns() - begun_ns < 20_000_000;
            ours.acknowledge().unwrap();
            if in_time {
                assert!(!came_before, "it was acknowledged within the read, or before");
                told += 1;
            }
        }
        assert!(told > 2, "{told} of 100 were acknowledged sooner than by the kernel itself");
    }

    #[tokio::test]
    async fn bytes_that_lay_unread_show_for_how_long() {
        let (ours, mut theirs) = pair().await;
        let lag = LagMeter::new(MeasurePhase::of(Window { from_ns: 0, to_ns: 1 }));
        let mut ours = Socket::new(ours, Some(lag.clone())).unwrap();
        let mut read = [0; 4];
        // The kernel begins to stamp a little after the first socket asks for it.
        while lag.lag.borrow().is_empty() {
            theirs.write_all(b"soon").await.unwrap();
            ours.read_exact(&mut read).await.unwrap();
        }
        lag.lag.borrow_mut().reset();

        theirs.write_all(b"late").await.unwrap();
        let written_ns = clock::now_ns();
        while clock::now_ns() - written_ns < 20_000_000 {}
        ours.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"late");

        let lag = lag.take();
        assert_eq!(lag.len(), 1);
        assert!((19_900_000..500_000_000).contains(&lag.max()), "{} ns", lag.max());
    }
}
