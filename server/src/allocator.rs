//! Which memory allocator serves this process: glibc's, or jemalloc where that is built in. It moves memory figures by
//! multiples, so it is named beside them and can be chosen, and it says itself how much it has handed out.

#![expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait, every call is handed on unchanged; mallinfo2 is C")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fmt,
    os::unix::process::CommandExt,
    process::Command,
    str::FromStr,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

use anyhow::{Context, bail};
#[cfg(feature = "jemalloc")]
use tikv_jemallocator::Jemalloc;
// Never asked for anything: [`Allocator::check`] comes first.
#[cfg(not(feature = "jemalloc"))]
use std::alloc::System as Jemalloc;

/// The environment variable that chooses. It is read before the first allocation, when there are no options yet.
pub const ENVIRONMENT: &str = "PUSHBENCH_ALLOCATOR";

/// An allocator that can be chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Allocator {
    /// The system's, on Linux glibc's.
    #[default]
    Glibc,
    /// <https://jemalloc.net>
    Jemalloc,
}

impl Allocator {
    /// Every allocator.
    pub const ALL: [Self; 2] = [Self::Glibc, Self::Jemalloc];

    /// Its name in options and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glibc => "glibc",
            Self::Jemalloc => "jemalloc",
        }
    }

    /// The one that serves this process.
    pub fn of_this_process() -> Self {
        if CHOICE.load(Relaxed) == JEMALLOC { Self::Jemalloc } else { Self::Glibc }
    }

    /// Bytes that this process has asked for and not given back, by its allocator's own account. What the process
    /// holds beyond that is the allocator's: rounding, free lists, pages not yet returned.
    pub fn in_use_bytes() -> u64 {
        match Self::of_this_process() {
            Self::Glibc => {
                // SAFETY: it takes nothing and returns a plain struct (mallinfo(3)).
                let info = unsafe { libc::mallinfo2() };
                (info.uordblks + info.hblkhd) as u64
            }
            #[cfg(feature = "jemalloc")]
            Self::Jemalloc => {
                use tikv_jemalloc_ctl::{epoch, stats};
                // The figures stand still until the epoch is advanced. Neither can fail where jemalloc runs.
                epoch::advance().and_then(|_| stats::allocated::read()).map_or(0, |bytes| bytes as u64)
            }
            #[cfg(not(feature = "jemalloc"))]
            Self::Jemalloc => 0,
        }
    }

    /// Fails if it is not built in, and says how to build it in.
    pub fn check(self) -> Result<Self, String> {
        if self == Self::Jemalloc && !cfg!(feature = "jemalloc") {
            return Err(
                "jemalloc is not built in, as that takes `make` and minutes: add --features jemalloc to cargo's \
                        options, as in cargo run --release --features jemalloc --bin loadgen -- .."
                    .to_owned(),
            );
        }
        Ok(self)
    }

    /// Sees to it that the one that was asked for serves this process, by an option or else by the environment. Fails if
    /// it cannot.
    pub fn settle(asked: Option<Self>) -> anyhow::Result<()> {
        match (asked, std::env::var_os(ENVIRONMENT)) {
            (Some(asked), _) => asked.insist().with_context(|| format!("cannot start again with --allocator {asked}")),
            (None, Some(name)) => match name.to_string_lossy().parse::<Self>() {
                Ok(_) => Ok(()),
                Err(error) => bail!("{ENVIRONMENT}={}: {error}", name.display()),
            },
            (None, None) => Ok(()),
        }
    }

    /// Makes it serve this process, by starting the same program again in its place if another does now.
    ///
    /// Returns only if there was nothing to do, or the program could not be started.
    fn insist(self) -> std::io::Result<()> {
        if Self::of_this_process() == self {
            return Ok(());
        }
        let program = std::env::current_exe()?;
        Err(Command::new(program).args(std::env::args_os().skip(1)).env(ENVIRONMENT, self.name()).exec())
    }
}

impl fmt::Display for Allocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Allocator {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|allocator| allocator.name() == name);
        found.ok_or_else(|| format!("one of {}", known()))?.check()
    }
}

/// Hands every call to the chosen allocator: for programs to name as their global one.
#[derive(Debug)]
pub struct Chosen;

const UNDECIDED: u8 = 0;
const GLIBC: u8 = 1;
const JEMALLOC: u8 = 2;
static CHOICE: AtomicU8 = AtomicU8::new(UNDECIDED);

/// Decides at the first allocation, while there is but one thread. The choice is never changed: memory must go back to
/// where it came from.
#[cold]
fn decide() -> u8 {
    // What reading the environment allocates comes from the system, and is given back to it before the choice is made.
    CHOICE.store(GLIBC, Relaxed);
    let jemalloc = cfg!(feature = "jemalloc")
        && std::env::var_os(ENVIRONMENT).is_some_and(|name| name == Allocator::Jemalloc.name());
    let choice = if jemalloc { JEMALLOC } else { GLIBC };
    CHOICE.store(choice, Relaxed);
    choice
}

#[inline]
fn is_jemalloc() -> bool {
    match CHOICE.load(Relaxed) {
        UNDECIDED => decide() == JEMALLOC,
        choice => choice == JEMALLOC,
    }
}

// SAFETY: both allocators keep the contract of `GlobalAlloc`, and a block returns to the one that it came from.
unsafe impl GlobalAlloc for Chosen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are handed on.
        unsafe { if is_jemalloc() { Jemalloc.alloc(layout) } else { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { if is_jemalloc() { Jemalloc.alloc_zeroed(layout) } else { System.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { if is_jemalloc() { Jemalloc.dealloc(block, layout) } else { System.dealloc(block, layout) } }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe {
            if is_jemalloc() { Jemalloc.realloc(block, layout, size) } else { System.realloc(block, layout, size) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: Chosen = Chosen;

    #[test]
    fn names_are_read_back() {
        for allocator in Allocator::ALL {
            assert_eq!(allocator.name().parse(), allocator.check());
        }
        let (built_in, jemalloc) = (cfg!(feature = "jemalloc"), "jemalloc".parse::<Allocator>());
        assert!(if built_in { jemalloc.is_ok() } else { jemalloc.unwrap_err().contains("--features jemalloc") });
        assert_eq!("tcmalloc".parse::<Allocator>(), Err("one of glibc, jemalloc".to_owned()));
    }

    #[test]
    fn what_is_held_is_in_use() {
        const BYTES: u64 = 256 << 20;
        let before = Allocator::in_use_bytes();
        let held = vec![1_u8; BYTES as usize];
        let grown = Allocator::in_use_bytes() - before;
        assert_eq!(held.len() as u64, BYTES);
        // Other tests take and give back much less meanwhile.
        assert!(grown.abs_diff(BYTES) < BYTES / 4, "{grown}");
    }

    #[test]
    fn tests_run_on_what_the_environment_says() {
        let asked = std::env::var(ENVIRONMENT).ok().and_then(|name| name.parse().ok()).unwrap_or_default();
        assert_eq!(Allocator::of_this_process(), asked);
    }
}
