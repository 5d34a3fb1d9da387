//! A generator that is starved on purpose: busy loops beside it on its own processors.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

use protocol::results::Pinning;
use reports::Warning;
use server::config::Cpus;

use super::{check::Check, evidence::Evidence};

/// Busy loops beside the generator, on each of its processors.
const LOOPS: usize = 8;

/// Busy loops, for as long as this lives.
#[derive(Debug)]
pub(super) struct Starvation {
    stop: Arc<AtomicBool>,
    loops: Vec<JoinHandle<()>>,
}

impl Starvation {
    /// Starves a generator that keeps to its processors; without such, the whole machine.
    pub(super) fn of(pinned: Option<&Pinning>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cpus = pinned.map(|pinned| Cpus(pinned.generator.clone()));
        let count = cpus.as_ref().map_or(1, |Cpus(cpus)| cpus.len()) * LOOPS;
        let spin = |_| {
            let (stop, cpus) = (Arc::clone(&stop), cpus.clone());
            std::thread::spawn(move || {
                if let Some(cpus) = cpus {
                    // They exist: the generator's workers keep to them as well.
                    let _ = cpus.pin();
                }
                while !stop.load(Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        let loops = (0..count).map(spin).collect();
        Self { stop, loops }
    }
}

impl Drop for Starvation {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        for thread in self.loops.drain(..) {
            // It cannot have panicked.
            let _ = thread.join();
        }
    }
}

pub(super) fn found_out(evidence: &Evidence) -> Vec<Check> {
    let voids = evidence.voids();
    let said = voids.first().map_or("none", Warning::brief).to_owned();
    vec![Check::is("reason to void it", "any", said, !voids.is_empty())]
}
