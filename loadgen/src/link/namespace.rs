//! A network namespace of one's own: how one comes in, and what must be in it.

use std::fs;

use anyhow::Context;
use nix::{
    errno::Errno,
    sched::{CloneFlags, unshare},
};
use rustix::process::{getegid, geteuid};

use super::{
    addresses::{Addresses, RANGE_BITS},
    device, netlink,
    rights::{How, Refused},
};

/// Puts this process into a network namespace of its own, in which a [`Link`](super::Link) can be started, and which all that it starts
/// shares. TCP learns nothing of a path there that it would use for the next connection (`tcp_no_metrics_save`).
///
/// Whether it may is found by doing all that is to be done, and no sooner. Called in the main thread before there is any
/// other: a user namespace takes none. Where it fails the process may be in a namespace that lacks everything, and can only end.
pub fn enter_namespace() -> Result<How, Refused> {
    device::may_be_made().map_err(Refused::no_device)?;
    let how = unshared()?;
    furnish().map_err(|error| Refused::withheld(how, &error))?;
    Ok(how)
}

fn unshared() -> Result<How, Refused> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => return Ok(How::Root),
        Err(Errno::EPERM) => {}
        Err(error) => return Err(Refused::no_namespace(error)),
    }
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(Refused::no_namespace)?;
    // Everybody keeps the number that they had: files belong to whom they did.
    let written = [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ]
    .into_iter()
    .try_for_each(|(file, text)| {
        let path = format!("/proc/self/{file}");
        fs::write(&path, text).with_context(|| path)
    });
    written.map_err(|error| Refused::withheld(How::UserNamespace, &error))?;
    Ok(How::UserNamespace)
}

/// Makes of an empty namespace one for a link, and tries whether one can be made.
fn furnish() -> anyhow::Result<()> {
    const FORGET: &str = "/proc/sys/net/ipv4/tcp_no_metrics_save";
    let addresses = Addresses::PRIVATE;
    netlink::raise_loopback().context("loopback")?;
    netlink::make_local(addresses.first.into(), RANGE_BITS).context("addresses for clients")?;
    fs::write(FORGET, "1").context(FORGET)?;
    device::open(addresses).context("a device")?;
    Ok(())
}
