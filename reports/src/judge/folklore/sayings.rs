//! The sayings, as data: a further one is a further entry.

use protocol::Transport::{LongPoll, WebSocket};

use super::rule::Rule::{self, AtLeast, AtMost, LongPollHasMore, MoreThan};
use crate::metrics::{
    Metric::{
        BytesPerDelivery, ConnectionsPerDelivery, CpuUsPerDelivery, HandshakeMs, KernelKibPerClient, LastMs, LatencyMs,
        RequestsPerDelivery, SignalMs, UserKibPerClient,
    },
    Quantile,
};

/// What is felt as at once (Miller, "Response time in man-computer conversational transactions", AFIPS 1968), milliseconds.
const AT_ONCE_MS: f64 = 100.0;
/// One in so many deliveries.
const HARDLY_ANY: f64 = 0.01;
/// A request for most deliveries, at least.
const MOST: f64 = 0.5;

/// Something that is said, the rules that it stands or falls by, and what would decide it.
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) said: &'static str,
    pub(super) rules: &'static [Rule],
    /// Whether it holds only if all of them do, at every load that was measured; else what could be told decides.
    pub(super) all: bool,
    /// The command that measures what it is about.
    pub(super) decided_by: &'static str,
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        said: "A WebSocket connection persists: updates need no requests.",
        rules: &[
            AtMost(WebSocket, RequestsPerDelivery, HARDLY_ANY),
            AtMost(WebSocket, ConnectionsPerDelivery, HARDLY_ANY),
        ],
        all: true,
        decided_by: "loadgen run",
    },
    Saying {
        said: "Long polling opens a connection for every update.",
        rules: &[AtLeast(LongPoll, ConnectionsPerDelivery, MOST)],
        all: false,
        decided_by: "loadgen run",
    },
    Saying {
        said: "Long polling is a flood of requests, which WebSocket saves, and bytes with them.",
        rules: &[AtLeast(LongPoll, RequestsPerDelivery, MOST), LongPollHasMore(BytesPerDelivery)],
        all: true,
        decided_by: "loadgen run",
    },
    Saying {
        said: "WebSocket goes both ways: what clients send arrives and is answered sooner.",
        rules: &[LongPollHasMore(SignalMs(Quantile::P50))],
        all: false,
        decided_by: "loadgen run uplink",
    },
    Saying {
        said: "WebSocket takes less of the server’s memory.",
        rules: &[LongPollHasMore(UserKibPerClient), LongPollHasMore(KernelKibPerClient)],
        all: false,
        decided_by: "loadgen run --repeats 12",
    },
    Saying {
        said: "WebSocket takes less of the server’s CPU.",
        rules: &[LongPollHasMore(CpuUsPerDelivery)],
        all: false,
        decided_by: "loadgen run --repeats 12",
    },
    Saying {
        said: "WebSocket delivers in real time: 99 of 100 updates are with their last client within 100 ms.",
        rules: &[AtMost(WebSocket, LastMs(Quantile::P99), AT_ONCE_MS)],
        all: false,
        decided_by: "loadgen run rate",
    },
    Saying {
        said: "Once the handshake is made, WebSocket’s latency is far below it.",
        rules: &[MoreThan(WebSocket, HandshakeMs(Quantile::P50), LatencyMs(Quantile::P50))],
        all: false,
        decided_by: "loadgen run clients",
    },
    Saying {
        said: "WebSocket delivers sooner than long polling.",
        rules: &[LongPollHasMore(LatencyMs(Quantile::P50)), LongPollHasMore(LatencyMs(Quantile::P99))],
        all: false,
        decided_by: "loadgen run --repeats 12",
    },
    Saying {
        said: "Nobody needs long polling any more: it is worse at everything.",
        rules: &[
            LongPollHasMore(LatencyMs(Quantile::P50)),
            LongPollHasMore(CpuUsPerDelivery),
            LongPollHasMore(UserKibPerClient),
        ],
        all: true,
        decided_by: "loadgen run rate",
    },
];
