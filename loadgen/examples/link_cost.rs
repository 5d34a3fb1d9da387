//! What a packet costs the link, over a bare read and write of its device at the same traffic: one server that sends 100 bytes to each of
//! 200 clients at once, 50 times a second. As root, on two processors, with nothing else at work.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{sleep, spawn},
    time::Duration,
};

use loadgen::{
    link::{Conditions, Link, enter_namespace},
    output::print,
};
use protocol::results::{Path, RoundTrip};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{read, write},
    time::{ClockId, clock_gettime},
};
use server::values::Cpus;

const CLIENTS: usize = 200;
const GAP: Duration = Duration::from_millis(20);
const MEASURED: Duration = Duration::from_secs(4);

fn main() {
    enter_namespace().unwrap();
    print("µs of CPU a packet: bare, link of 0 ms, link of 40 ms").unwrap();
    for _ in 0..3 {
        print(&format!("{:.2} {:.2} {:.2}", bare(), link(0.0), link(40.0))).unwrap();
    }
}

fn link(rtt_ms: f64) -> f64 {
    let path = Path { rtt_ms: RoundTrip::constant(rtt_ms), jitter_ms: 0.0, loss_percent: 0.0 };
    let link = Link::start(&Conditions { path, seed: 1 }, Some(&Cpus(vec![1]))).unwrap();
    let traffic = Traffic::start();
    link.take().unwrap();
    sleep(MEASURED);
    let usage = link.take().unwrap();
    traffic.end();
    assert_eq!(usage.dropped, 0);
    usage.cpu_ns as f64 / 1e3 / usage.packets as f64
}

fn bare() -> f64 {
    let device = tun_rs::DeviceBuilder::new().mtu(1_500).tx_queue_len(200_000).ipv4("10.99.0.1", 32, Some("10.99.0.2"));
    let device = device.build_sync().unwrap();
    device.set_nonblocking(true).unwrap();
    let phase = Arc::new([const { AtomicBool::new(false) }; 2]);
    let thread = spawn({
        let phase = Arc::clone(&phase);
        move || {
            Cpus(vec![1]).pin().unwrap();
            let (mut packet, mut packets, mut begun_ns) = ([0; 1_500], 0, None);
            loop {
                let _ = poll(
                    &mut [PollFd::new(&device, PollFlags::IN)],
                    Some(&Timespec { tv_sec: 0, tv_nsec: 100_000_000 }),
                );
                while let Ok(bytes) = read(&device, &mut packet) {
                    packet[12..20].rotate_left(4);
                    write(&device, &packet[..bytes]).unwrap();
                    packets += 1;
                }
                if phase[0].swap(false, Relaxed) {
                    (packets, begun_ns) = (0, Some(cpu_ns()));
                }
                if phase[1].load(Relaxed) {
                    return (cpu_ns() - begun_ns.unwrap()) as f64 / 1e3 / f64::from(packets);
                }
            }
        }
    });
    let traffic = Traffic::start();
    phase[0].store(true, Relaxed);
    sleep(MEASURED);
    phase[1].store(true, Relaxed);
    let cost_us = thread.join().unwrap();
    traffic.end();
    cost_us
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Everything but the link: a thread that sends to all, and one that reads what comes.
struct Traffic {
    ended: Arc<AtomicBool>,
    threads: [std::thread::JoinHandle<()>; 2],
}

impl Traffic {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let pairs = (0..CLIENTS).map(|_| {
            let client = TcpStream::connect((Ipv4Addr::new(10, 99, 0, 2), port)).unwrap();
            client.set_nonblocking(true).unwrap();
            let (server, _) = listener.accept().unwrap();
            server.set_nodelay(true).unwrap();
            server.set_nonblocking(true).unwrap();
            (client, server)
        });
        let (clients, mut servers): (Vec<_>, Vec<_>) = pairs.unzip();
        let ended = Arc::new(AtomicBool::new(false));
        let sends = spawn({
            let ended = Arc::clone(&ended);
            move || {
                Cpus(vec![0]).pin().unwrap();
                while !ended.load(Relaxed) {
                    // Whoever cannot take it goes without.
                    servers.iter_mut().for_each(|server| drop(server.write(&[7; 100])));
                    sleep(GAP);
                }
            }
        });
        let reads = spawn({
            let ended = Arc::clone(&ended);
            move || {
                Cpus(vec![0]).pin().unwrap();
                let mut buffer = [0; 4_096];
                while !ended.load(Relaxed) {
                    let mut ready: Vec<_> = clients.iter().map(|client| PollFd::new(client, PollFlags::IN)).collect();
                    let _ = poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 100_000_000 }));
                    for (mut client, ready) in clients.iter().zip(&ready) {
                        if !ready.revents().is_empty()
                            && let Err(error) = client.read(&mut buffer)
                        {
                            assert_eq!(error.kind(), ErrorKind::WouldBlock);
                        }
                    }
                }
            }
        });
        sleep(Duration::from_secs(1));
        Self { ended, threads: [sends, reads] }
    }

    fn end(self) {
        self.ended.store(true, Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
