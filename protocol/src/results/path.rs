//! The network that lies between clients and server, and what the link that stands for it did.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::LosslessHistogram;

/// A network path through the mirror link. A load without one is measured over loopback, which is a path of its own: at 0 ms
/// the link still takes every packet through a device and a thread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// There and back, without jitter.
    pub rtt_ms: RoundTrip,
    /// Each packet's way is drawn so much longer at most, milliseconds, evenly; it never overtakes one of its connection.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub jitter_ms: f64,
    /// Packets that are lost, in percent, each for itself.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub loss_percent: f64,
}

/// A round trip in milliseconds: the same for all clients, or drawn for each evenly between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RoundTrip {
    /// The shortest.
    pub from: f64,
    /// The longest; the same where it is constant.
    pub to: f64,
}

impl RoundTrip {
    /// The same for all.
    pub fn constant(rtt_ms: f64) -> Self {
        Self { from: rtt_ms, to: rtt_ms }
    }

    /// The middle, which is the mean over many clients.
    pub fn mean(self) -> f64 {
        f64::midpoint(self.from, self.to)
    }
}

/// What the link did within the measure phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkUsage {
    /// Packets that were handed on, both ways.
    pub packets: u64,
    /// Their bytes, IP heads included.
    pub bytes: u64,
    /// Packets that were lost because that was asked for.
    pub lost: u64,
    /// Packets that fell into an outage that was asked for.
    #[serde(default)]
    pub cut: u64,
    /// Packets that were dropped and should not have been, in the device's queue or the link's own.
    pub dropped: u64,
    /// From the later of a packet's due time and the end of the write before it until its own write began, nanoseconds: how
    /// late the link itself was.
    pub lateness: LosslessHistogram,
    /// From a packet's due time until the write before it had ended, nanoseconds, 0 where that was earlier: how long it stood behind others.
    pub serialisation: LosslessHistogram,
    /// CPU time of the link's thread, nanoseconds, most of it the receivers' TCP input.
    pub cpu_ns: u64,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.rtt_ms)?;
        if self.jitter_ms > 0.0 {
            write!(f, " + {} ms jitter", self.jitter_ms)?;
        }
        if self.loss_percent > 0.0 {
            write!(f, ", {}% loss", self.loss_percent)?;
        }
        Ok(())
    }
}

impl fmt::Display for RoundTrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from.total_cmp(&self.to).is_eq() {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{} to {}", self.from, self.to)
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_nought(value: &f64) -> bool {
    *value == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_by_what_it_does() {
        let path = |from, to, jitter_ms, loss_percent| Path { rtt_ms: RoundTrip { from, to }, jitter_ms, loss_percent };
        for (path, name) in [
            (path(40.0, 40.0, 0.0, 0.0), "40 ms"),
            (path(20.0, 200.0, 0.0, 0.0), "20 to 200 ms"),
            (path(80.0, 80.0, 20.0, 1.0), "80 ms + 20 ms jitter, 1% loss"),
            (path(0.0, 0.0, 0.0, 0.5), "0 ms, 0.5% loss"),
        ] {
            assert_eq!(path.to_string(), name);
            let stored = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<Path>(&stored).unwrap(), path, "{stored}");
        }
    }
}
