//! Signals that ask a process to end in order.

use std::{fs, future::poll_fn, io, task::Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a terminal or a service manager sends, by name.
const ASKING: [(&str, SignalKind); 4] = [
    ("SIGINT", SignalKind::interrupt()),
    ("SIGTERM", SignalKind::terminate()),
    ("SIGHUP", SignalKind::hangup()),
    ("SIGQUIT", SignalKind::quit()),
];

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT, as they come.
#[derive(Debug)]
pub struct StopSignals(Vec<(&'static str, SignalKind, Signal)>);

impl StopSignals {
    /// Listens from now on. A SIGHUP or SIGQUIT that was ignored when the process was started (`nohup`) still is.
    pub fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let kept = [SignalKind::interrupt(), SignalKind::terminate()];
        let asking = ASKING.into_iter().filter(|(_, kind)| kept.contains(kind) || !ignored(*kind));
        asking.map(|(name, kind)| Ok((name, kind, signal(kind)?))).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for the next: its name and number.
    pub async fn next(&mut self) -> (&'static str, i32) {
        poll_fn(|context| {
            let came = self.0.iter_mut().find_map(|(name, kind, signal)| {
                signal.poll_recv(context).is_ready().then(|| (*name, kind.as_raw_value()))
            });
            came.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Which signals this process ignores.
fn ignored() -> impl Fn(SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    move |kind| mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
