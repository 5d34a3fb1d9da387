//! Which processes are the server that listens at an address: those that hold its sockets, whatever it says of itself.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use anyhow::{Context, ensure};
use procfs::process::{FDTarget, Process as Entry, all_processes};

use super::sockets::{self, Held};

/// The processes that hold a socket which listens at `server`, or is connected there, by their ids.
///
/// This process is no server, and left out. Fails if one may not be looked at, for then not all of the server would be seen.
pub(super) fn of(server: SocketAddr) -> anyhow::Result<Vec<Entry>> {
    let held = sockets::at_port(server.port())?;
    let mut unclaimed = listening(&held, server.ip());
    ensure!(
        !unclaimed.is_empty(),
        "no socket listens at {server} here: the server is in another network namespace, such as a container's, or has ended"
    );
    // One that is not accepted yet is nobody's, and has no inode.
    let connected = held.iter().filter(|held| !held.listens && held.local == server.ip() && held.inode > 0);
    let all: BTreeSet<u64> = unclaimed.iter().copied().chain(connected.map(|held| held.inode)).collect();
    let own = std::process::id() as i32;
    let mut owners = Vec::new();
    for process in all_processes().context("/proc cannot be read")?.flatten().filter(|process| process.pid != own) {
        let Ok(files) = process.fd() else { continue };
        let mut owns = false;
        for file in files.flatten() {
            if let FDTarget::Socket(inode) = file.target
                && all.contains(&inode)
            {
                owns = true;
                unclaimed.remove(&inode);
            }
            if owns && unclaimed.is_empty() {
                break;
            }
        }
        if owns {
            owners.push(process);
        }
    }
    ensure!(
        unclaimed.is_empty(),
        "a socket that listens at {server} is held by a process that may not be looked at from here: run loadgen as that \
         process's user or as root, and where its /proc can be seen"
    );
    owners.sort_by_key(|process| process.pid);
    Ok(owners)
}

/// The sockets that a connection to `ip` comes to: those bound to it; else those bound to any address of its family; else to any at all.
fn listening(held: &[Held], ip: IpAddr) -> BTreeSet<u64> {
    let far = |local: IpAddr| match local {
        local if local == ip => Some(0),
        local if local.is_unspecified() && local.is_ipv4() == ip.is_ipv4() => Some(1),
        local if local.is_unspecified() && local.is_ipv6() => Some(2),
        _ => None,
    };
    let listening = || held.iter().filter(|held| held.listens).filter_map(|held| Some((far(held.local)?, held.inode)));
    let nearest = listening().map(|(far, _)| far).min();
    listening().filter(|(far, _)| Some(*far) == nearest).map(|(_, inode)| inode).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, TcpStream},
        os::fd::OwnedFd,
        process::{Child, Command, Stdio},
    };

    use protocol::clock::{NS_PER_SEC, now_ns};

    use super::*;

    /// Does nothing and holds a socket.
    fn holder(socket: impl Into<OwnedFd>) -> Child {
        Command::new("sleep").arg("1000").stdin(Stdio::from(socket.into())).spawn().unwrap()
    }

    /// Looks until that is found: for moments a child of another test holds what this process does, until it is what it is to be.
    fn found<T>(look: impl Fn() -> T, is_it: impl Fn(&T) -> bool) -> T {
        let begun_ns = now_ns();
        loop {
            let found = look();
            if is_it(&found) || now_ns() - begun_ns > 10 * NS_PER_SEC {
                return found;
            }
        }
    }

    #[test]
    fn all_who_hold_a_socket_of_the_port_are_the_server() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let accepted = listener.accept().unwrap().0;
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut children =
            [holder(listener.try_clone().unwrap()), holder(listener), holder(accepted), holder(other), holder(client)];
        let mut servers: Vec<i32> = children[..3].iter().map(|child| child.id() as i32).collect();
        servers.sort_unstable();
        let pids = || of(address).unwrap().iter().map(|process| process.pid).collect::<Vec<_>>();
        assert_eq!(found(pids, |pids| *pids == servers), servers, "not the client, and not another port's");
        children.iter_mut().for_each(|child| child.kill().and_then(|()| child.wait()).map(|_| ()).unwrap());
        let gone = of(address).unwrap_err().to_string();
        assert!(gone.starts_with(&format!("no socket listens at {address} here")), "{gone}");
    }

    #[test]
    fn a_socket_that_no_visible_process_holds_is_said() {
        // This process's own is not looked for, as if it were another user's.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hidden = found(|| of(listener.local_addr().unwrap()), Result::is_err).unwrap_err().to_string();
        assert!(hidden.contains("may not be looked at from here: run loadgen as"), "{hidden}");
    }

    #[test]
    fn the_address_decides_whose_socket_it_is() {
        let held = |local: &str, inode| Held { local: local.parse().unwrap(), listens: true, inode, bytes: 0 };
        let all = [held("127.0.0.1", 1), held("0.0.0.0", 2), held("::", 3), held("192.0.2.1", 4), held("127.0.0.1", 5)];
        let at = |held: &[Held], ip: &str| listening(held, ip.parse().unwrap()).into_iter().collect::<Vec<_>>();
        assert_eq!(at(&all, "127.0.0.1"), [1, 5]);
        assert_eq!(at(&all, "127.0.0.2"), [2]);
        assert_eq!(at(&all[2..4], "127.0.0.1"), [3]);
        assert_eq!(at(&all, "::1"), [3]);
        assert!(at(&all[1..2], "::1").is_empty());
    }
}
