//! Keeping server and generator on processors of their own, so that neither is measured waiting for the other.

use protocol::results::Pinning;
use rustix::thread::{CpuSet, sched_getaffinity};

/// Splits the processors that this process may use: one half for the server, the other for the generator.
///
/// `None` where there is only one, or where it cannot be told.
pub fn split() -> Option<Pinning> {
    let allowed = sched_getaffinity(None).ok()?;
    halves((0..CpuSet::MAX_CPU as u32).filter(|cpu| allowed.is_set(*cpu as usize)).collect())
}

fn halves(mut server: Vec<u32>) -> Option<Pinning> {
    let generator = server.split_off(server.len() / 2);
    (!server.is_empty()).then_some(Pinning { server, generator })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_processors_and_share_none() {
        assert_eq!(halves(vec![4]), None);
        assert_eq!(halves(vec![0, 1]), Some(Pinning { server: vec![0], generator: vec![1] }));
        assert_eq!(halves(vec![0, 2, 5]), Some(Pinning { server: vec![0], generator: vec![2, 5] }));
    }
}
