//! This process's limit on open files, which bounds how many connections it can have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that a process needs besides its connections.
pub const FILES_BESIDES: u64 = 64;

/// Raises the soft limit on open files as far as an unprivileged process may, and returns what is then in force.
pub fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // Refused only where something outside us forbids it; then the old limit stays in force, and is returned.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: before.maximum.map(|hard| hard - 1), ..before }).unwrap();
        assert_eq!(raise_open_files(), before.maximum.unwrap());
    }
}
