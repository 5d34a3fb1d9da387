//! By which right there is a link here; or why there can be none, and what would allow one.

use std::{fmt, fs, io};

use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::device::TUN;

/// By which right a process has a network namespace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It may have one (`CAP_SYS_ADMIN`).
    Root,
    /// It is its master in a user namespace, which anybody may have where that is not forbidden.
    UserNamespace,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "as root",
            Self::UserNamespace => "by a user namespace",
        })
    }
}

/// There can be no link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("no link can be made here: {why}; {remedy}")]
pub struct Refused {
    /// What stands in the way.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

/// Settings by which a kernel keeps user namespaces, or rights in them, from ordinary users: what they are then, and what allows it.
const FORBIDDING: [(&str, &str, &str); 3] = [
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
];

impl Refused {
    /// The device that makes devices cannot be opened.
    pub(super) fn no_device(error: impl Into<io::Error>) -> Self {
        let error = error.into();
        let why = format!("{TUN} cannot be opened ({error})");
        let remedy = match error.kind() {
            io::ErrorKind::PermissionDenied => format!("run this as root, or `sudo chmod 666 {TUN}`"),
            _ => format!("load its driver: `sudo modprobe tun`; in a container, start that with --device {TUN}"),
        };
        Self { why, remedy }
    }

    /// No network namespace was to be had.
    pub(super) fn no_namespace(error: impl Into<io::Error>) -> Self {
        let error = error.into();
        Self { why: format!("this process may not have a network namespace of its own ({error})"), remedy: remedy() }
    }

    /// There was one, and no rights in it.
    pub(super) fn withheld(how: How, error: &anyhow::Error) -> Self {
        let why =
            format!("in a network namespace of its own, had {how}, this process may not do as it likes ({error:#})");
        Self { why, remedy: remedy() }
    }
}

/// Who may, and what would let others. The settings are read only to name the one that forbids it.
fn remedy() -> String {
    let is_set = |(name, forbidding, _): &(&str, &str, &str)| {
        let value = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/")));
        value.is_ok_and(|value| value.trim() == *forbidding)
    };
    let root = if geteuid().is_root() { "" } else { "run this as root, or: " };
    match FORBIDDING.iter().find(|setting| is_set(setting)) {
        Some((name, _, allowing)) => format!("{root}`sudo sysctl {name}={allowing}`"),
        None => format!(
            "{root}in a container, start that with --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined --device {TUN}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_driver_and_a_missing_right_have_remedies_of_their_own() {
        let told = |error: rustix::io::Errno| Refused::no_device(error).to_string();
        assert!(told(rustix::io::Errno::NOENT).contains("`sudo modprobe tun`"));
        let denied = told(rustix::io::Errno::ACCESS);
        assert!(
            denied.starts_with("no link can be made here: /dev/net/tun cannot be opened (Permission denied"),
            "{denied}"
        );
        assert!(denied.contains("run this as root"));
    }
}
