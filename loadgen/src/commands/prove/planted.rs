//! What is planted, and in what: the numbers that cases and checks share.

/// Clients of a run, and updates a second, unless a case has its own.
pub(super) const CLIENTS: u32 = 20;
pub(super) const RATE_HZ: u64 = 50;
/// Milliseconds of warm-up, which ends between two updates, and of measuring.
pub(super) const WARM_UP_MS: u64 = 490;
pub(super) const MEASURE_MS: u64 = 3_000;

/// Which updates and which clients are tampered with: neither divides anything else here, and the stream's last
/// update is not among them, for which a swap would have no successor.
pub(super) const EVERY: u64 = 6;
pub(super) const OF_CLIENTS: u64 = 3;
/// The length of a stall, which begins between two updates.
pub(super) const STALL_MS: u64 = 400;
pub(super) const STALL_AT_MS: u64 = 1_510;
/// How late a publisher is made.
pub(super) const LATE_MS: u64 = 20;
/// How long a transport's updates are held back.
pub(super) const DELAY_MS: u64 = 5;
/// A round trip through the link, and a rate at which a poll is back before the next update is due.
pub(super) const FAR_MS: f64 = 80.0;
pub(super) const FAR_RATE_HZ: u64 = 10;
/// What the link loses.
pub(super) const LOSS_PERCENT: f64 = 5.0;
/// What each delivery costs more, microseconds; to how many clients, and from which rate on it is searched up to which.
pub(super) const SPUN_US: u64 = 100;
pub(super) const SPUN_CLIENTS: u32 = 100;
pub(super) const SPUN_FROM_HZ: u64 = 60;
pub(super) const SPUN_TO_HZ: u64 = 200;
/// How slow every so many-th client is.
pub(super) const SLOW_MS: u64 = 10;
pub(super) const SLOW_CLIENTS: u64 = 4;
