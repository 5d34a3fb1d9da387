//! What the sliders may do: change the stream and its round trip, within bounds, for whoever has the token of this start.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use hyper::{HeaderMap, header::AUTHORIZATION};
use protocol::{
    control::Change,
    wire::{Refusal, TOKEN_KEY},
};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use crate::{connection::access::Access, stream::hold::Hold};

/// The longest round trip that may be asked for, milliseconds.
pub const RTT_MS_MAX: u32 = 1_000;

/// The least and the most of each; of the round trip too, which is in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Bounds {
    rate_hz: RangeInclusive<u32>,
    payload_bytes: RangeInclusive<u32>,
    burst: RangeInclusive<u32>,
    rtt_ms: RangeInclusive<u32>,
}

impl Bounds {
    /// What a browser can draw, and people can follow.
    pub(super) const OF_A_RACE: Self =
        Self { rate_hz: 1..=500, payload_bytes: 64..=16_384, burst: 1..=50, rtt_ms: 0..=RTT_MS_MAX };
}

/// A network between the page's browser and the server, whose round trip may be changed.
pub trait Network: fmt::Debug + Send + Sync {
    /// The address by which the browser comes through it.
    fn address(&self) -> IpAddr;
    /// Has everything that is sent from now on take that round trip, milliseconds.
    fn set(&self, rtt_ms: u32);
}

/// What makes the round trip.
#[derive(Debug, Clone)]
pub enum RoundTrip {
    /// The server, which holds what it is asked and what it says: no network.
    Hold {
        /// Why it is not a network.
        why: String,
    },
    /// A network, which has been set to it already.
    Network(Arc<dyn Network>),
}

/// How a race is begun.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// Who shows it may move the sliders: made for one start.
    pub token: String,
    /// The round trip to begin with, milliseconds.
    pub rtt_ms: u32,
    /// What makes it.
    pub round_trip: RoundTrip,
    /// Is told the address to open, and what belongs behind its `#`.
    pub ready: fn(SocketAddr, &str),
    /// Is told what happens to pages.
    pub tell: fn(&str),
}

impl LiveOptions {
    /// The address by which browsers come through a network, if there is one.
    pub(crate) fn network(&self) -> Option<IpAddr> {
        match &self.round_trip {
            RoundTrip::Network(network) => Some(network.address()),
            RoundTrip::Hold { .. } => None,
        }
    }

    /// Tells where the page is: through the network, if there is one. What a browser is to show stands behind the `#`, which it sends to
    /// nobody.
    pub(crate) fn announce(&self, mut address: SocketAddr, token: Option<&str>) {
        self.network().into_iter().for_each(|through| address.set_ip(through));
        let shown = token.map(|token| (TOKEN_KEY, token));
        let mut fragment = form_urlencoded::Serializer::new(String::new());
        fragment.append_pair("control", &self.token).extend_pairs(shown);
        (self.ready)(address, &fragment.finish());
    }
}

/// The sliders.
#[derive(Debug)]
pub(crate) struct Live {
    token: String,
    pub(super) tell: fn(&str),
    rtt_ms: AtomicU32,
    /// How often the round trip was set since the start.
    trips: AtomicU32,
    pub(super) round_trip: RoundTrip,
    /// The round trip, if it is held.
    hold: Hold,
    changes: UnboundedSender<Change>,
    /// As they were set last.
    set: Mutex<Option<Change>>,
}

impl Live {
    /// Takes settings from whoever has the token, and hands them on.
    pub(crate) fn new(options: &LiveOptions, changes: UnboundedSender<Change>) -> Self {
        let LiveOptions { ref token, rtt_ms, ref round_trip, tell, .. } = *options;
        let hold = Hold::default();
        hold.set(rtt_ms);
        let (token, round_trip) = (token.clone(), round_trip.clone());
        let (rtt_ms, trips) = (rtt_ms.into(), AtomicU32::default());
        Self { token, tell, rtt_ms, trips, round_trip, hold, changes, set: Mutex::default() }
    }

    /// What the streams are held by, if it is not a network.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        matches!(self.round_trip, RoundTrip::Hold { .. }).then_some(&self.hold)
    }

    /// The round trip, milliseconds, and how often it was set.
    pub(super) fn rtt(&self) -> (u32, u32) {
        (self.rtt_ms.load(Relaxed), self.trips.load(Relaxed))
    }

    fn set_rtt(&self, rtt_ms: u32) {
        match &self.round_trip {
            RoundTrip::Hold { .. } => self.hold.set(rtt_ms),
            RoundTrip::Network(network) => network.set(rtt_ms),
        }
        self.rtt_ms.store(rtt_ms, Relaxed);
        self.trips.fetch_add(1, Relaxed);
    }

    /// The settings, if they were changed.
    pub(super) fn settings(&self) -> Option<Change> {
        *self.set()
    }

    fn set(&self) -> MutexGuard<'_, Option<Change>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what a query names, as in `rate_hz=50&rtt_ms=100`; all of it or nothing.
    pub(super) fn ask(&self, query: Option<&str>, headers: &HeaderMap, first: &Change) -> Result<(), Refusal> {
        let access = Access { token: Some(self.token.clone()), ..Access::default() };
        if !access.admits(None, headers.get(AUTHORIZATION).map(hyper::header::HeaderValue::as_bytes)) {
            let message =
                "show the token of this start, which stands in the address that `loadgen live` printed".to_owned();
            return Err(Refusal::Unauthorised { message });
        }
        let (mut settings, mut rtt_ms) = (self.settings().unwrap_or(*first), None);
        let bounds = Bounds::OF_A_RACE;
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let within = |bounds: &RangeInclusive<u32>| {
                let number = value.parse().ok().filter(|number| bounds.contains(number));
                number.ok_or_else(|| Refusal::BadSetting {
                    message: format!(
                        "{key}={value}: must be a whole number from {} to {}",
                        bounds.start(),
                        bounds.end()
                    ),
                })
            };
            match &*key {
                "rate_hz" => settings.rate_hz = f64::from(within(&bounds.rate_hz)?),
                "payload_bytes" => settings.payload_bytes = within(&bounds.payload_bytes)?,
                "burst" => settings.burst = NonZeroU32::new(within(&bounds.burst)?).unwrap_or(NonZeroU32::MIN),
                "rtt_ms" => rtt_ms = Some(within(&bounds.rtt_ms)?),
                _ if key == TOKEN_KEY => {}
                _ => {
                    let message = format!("unknown key `{key}`: there are rate_hz, payload_bytes, burst, rtt_ms");
                    return Err(Refusal::BadSetting { message });
                }
            }
        }
        rtt_ms.into_iter().for_each(|rtt_ms| self.set_rtt(rtt_ms));
        if self.settings().unwrap_or(*first) != settings {
            *self.set() = Some(settings);
            // Gone with the publisher, when the server ends.
            let _ = self.changes.send(settings);
        }
        Ok(())
    }
}
