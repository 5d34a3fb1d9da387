//! How often clients met each bound.

use prometheus_client::metrics::counter::Counter;

/// A bound at which a client is refused or given up. The remaining ones only slow it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Connections,
    Requests,
    HeaderTimeout,
    IdleTimeout,
    PingInterval,
    Head,
    Target,
    Body,
    Message,
    Topics,
}

impl Bound {
    const ALL: [Self; 10] = [
        Self::Connections,
        Self::Requests,
        Self::HeaderTimeout,
        Self::IdleTimeout,
        Self::PingInterval,
        Self::Head,
        Self::Target,
        Self::Body,
        Self::Message,
        Self::Topics,
    ];

    /// As the option that sets it.
    fn name(self) -> &'static str {
        match self {
            Self::Connections => "max_connections",
            Self::Requests => "max_requests",
            Self::HeaderTimeout => "header_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::PingInterval => "ping_interval",
            Self::Head => "max_head",
            Self::Target => "max_target",
            Self::Body => "max_body",
            Self::Message => "max_message",
            Self::Topics => "max_topics",
        }
    }
}

/// How often each bound was met.
#[derive(Debug, Default)]
pub(crate) struct Met([Counter; Bound::ALL.len()]);

impl Met {
    pub(crate) fn inc(&self, bound: Bound) {
        self.0[bound as usize].inc();
    }

    /// Each bound's name and counter.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'static str, &Counter)> {
        Bound::ALL.iter().map(|bound| (bound.name(), &self.0[*bound as usize]))
    }
}
