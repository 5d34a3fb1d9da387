//! A delivery from end to end.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use anyhow::Context as _;
use clap::{Args as _, FromArgMatches as _};
use loadgen::clients::{
    reconnect::Disturbed,
    seats::Seats,
    transports::Endpoint,
    window::MeasurePhase,
    worker::{Assignment, Worker},
};
use protocol::{
    Transport, clock,
    control::Window,
    results::{Audience, Polls},
    update::encode_padded_into,
};
use server::{Config, Embedded};
use tokio::{
    runtime::Builder,
    sync::{Notify, oneshot},
};

use crate::subject::UPDATE_BYTES;

/// A real server and a real worker of the load generator, a thread each, with loopback between them. Updates are published
/// by hand, one at a time.
#[derive(Debug)]
pub struct Rig {
    transport: Transport,
    clients: u64,
    server: Embedded,
    worker: Worker,
    published: u64,
    turn: Arc<Turn>,
}

/// A way of seeing that the server's one thread has done what it had begun.
#[derive(Debug, Default)]
struct Turn {
    asked: Notify,
    given: AtomicU64,
}

impl Turn {
    /// On the server's thread, between other tasks.
    async fn give(&self) {
        loop {
            self.asked.notified().await;
            self.given.fetch_add(1, Relaxed);
        }
    }
}

impl Rig {
    /// Lends a rig whose clients are ready, and have asked what they ask; all that is published counts. Nothing of it is
    /// left when this returns.
    pub fn with<T>(transport: Transport, clients: u32, work: impl FnOnce(&mut Self) -> T) -> anyhow::Result<T> {
        let prepared = server::prepare(config()?)?;
        let (started, start) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let turn = Arc::<Turn>::default();
        let given = Arc::clone(&turn);
        let thread = thread::Builder::new().name("server".to_owned()).spawn(move || -> anyhow::Result<()> {
            Builder::new_current_thread().enable_all().build()?.block_on(async {
                let _ = started.send(prepared.embed()?);
                tokio::select! {
                    () = given.give() => {}
                    _ = stopped => {}
                }
                Ok(())
            })
        })?;
        let server = start.recv().context("the server did not start")?;
        let worker = Worker::start(assignment(transport, server.address, clients))?;
        let mut rig = Self { transport, clients: clients.into(), server, worker, published: 0, turn };
        rig.wait(|rig| rig.worker.progress.ready.load(Relaxed) == rig.clients && rig.all_asked());
        rig.let_them_park();
        let done = work(&mut rig);
        rig.worker.stop()?;
        drop(stop);
        thread.join().map_err(|_| anyhow::anyhow!("the server panicked"))??;
        Ok(done)
    }

    /// Publishes an update; returns when every client has received it, and has asked for the next if it must.
    pub fn deliver(&mut self) {
        self.server.hub.publish(self.server.hub.broadcast(), |seq, line| {
            encode_padded_into(seq, clock::now_ns(), UPDATE_BYTES, line);
        });
        self.published += 1;
        self.wait(|rig| rig.worker.progress.updates.load(Relaxed) == rig.published * rig.clients && rig.all_asked());
        self.let_them_park();
    }

    /// Whether a poll of each client is there, if clients poll: one asked where the stream stands, one is answered by each
    /// update, one is parked.
    fn all_asked(&self) -> bool {
        !self.transport.asks() || self.server.metrics.polls.get() == (self.published + 2) * self.clients
    }

    /// A poll is counted and then parked, without a break: an update that came between would be framed for that one alone.
    fn let_them_park(&self) {
        let given = self.turn.given.load(Relaxed);
        self.turn.asked.notify_one();
        self.wait(|rig| rig.turn.given.load(Relaxed) > given);
    }

    fn wait(&self, until: impl Fn(&Self) -> bool) {
        while !until(self) {
            assert_eq!(self.worker.progress.failed.load(Relaxed), 0, "a client has lost its server");
            thread::yield_now();
        }
    }
}

fn config() -> Result<Config, clap::Error> {
    let options = Config::augment_args(clap::Command::new("server"));
    Config::from_arg_matches(&options.try_get_matches_from(["server", "--listen", "127.0.0.1:0"])?)
}

fn assignment(transport: Transport, server: SocketAddr, clients: u32) -> Assignment {
    let now_ns = clock::now_ns();
    Assignment {
        transport,
        server,
        link: None,
        clients: 0..clients,
        connect_rate: 10_000.0,
        give_up_ns: u64::MAX,
        tls: None,
        endpoint: Endpoint::of(server).into(),
        pushed: false,
        polls: Polls::default(),
        poll_interval: (transport == Transport::ShortPoll).then_some(std::time::Duration::from_millis(10)),
        signal_rate_hz: 0.0,
        seats: Arc::new(Seats::of(Audience::Broadcast, clients)),
        speak: false,
        mailboxes: Arc::default(),
        seed: 1,
        phase: MeasurePhase::of(Window { from_ns: now_ns, to_ns: now_ns + 3_600 * clock::NS_PER_SEC }),
        disturbed: Disturbed::default(),
        cpus: None,
    }
}
