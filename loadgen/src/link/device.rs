//! The link's device: a TUN, by which the kernel hands out what is sent to the mirror address.

use std::io;

use anyhow::Context;
use rustix::{
    fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::{
    addresses::{Addresses, OWN},
    netlink,
    queue::PACKET_BYTES_MAX,
};

/// What makes devices.
pub(super) const TUN: &str = "/dev/net/tun";
/// Packets that wait in the device: of the default, 500, half of what a server sends to 1,000 clients at once would be dropped.
const QUEUE_PACKETS: u32 = 200_000;

/// Makes it, up and with its addresses; it goes with its descriptor. What it hands out are packets as they would be on a wire: no
/// segments joined for an offload, no heads before them.
pub(super) fn open(addresses: Addresses) -> io::Result<SyncDevice> {
    let device = DeviceBuilder::new()
        .mtu(PACKET_BYTES_MAX as u16)
        .packet_information(false)
        .offload(false)
        .ipv4(OWN, 32, Some(addresses.server))
        .build_sync()?;
    netlink::lengthen_queue(device.if_index()?, QUEUE_PACKETS)?;
    fcntl_setfl(&device, fcntl_getfl(&device)? | OFlags::NONBLOCK)?;
    Ok(device)
}

/// Packets that it has dropped so far because its queue was full, or because the kernel took them not.
pub(super) fn dropped(name: &str) -> anyhow::Result<u64> {
    // Of the namespace that the reader is in; /sys shows the one in which it was mounted.
    let devices = procfs::net::dev_status().context("/proc/net/dev cannot be read")?;
    let device = devices.get(name).with_context(|| format!("/proc/net/dev has no {name}"))?;
    Ok(device.sent_drop + device.recv_drop)
}

/// Whether what makes devices is there and may be opened. Asked before [`open`], which where there is none makes it, if it may.
pub(super) fn may_be_made() -> Result<(), Errno> {
    rustix::fs::open(TUN, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map(drop)
}
