//! The server from start to end: bind, say so, publish and serve, drain.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use protocol::{
    Transport, clock,
    control::{Change, Command, Event},
};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, unbounded_channel},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    allocator::Allocator,
    config::Config,
    connection::{
        access::{self, Access},
        listener,
        tls::Tls,
    },
    control,
    http::Http,
    metrics::Metrics,
    open_files::{FILES_BESIDES, raise_open_files},
    page::{Live, LiveOptions, Page},
    stop::StopSignals,
    stream::{
        fault::{Fault, Hubs, Spun},
        hub::Hub,
        into_hub::IntoHub,
        publisher::Publisher,
        shard::Shard,
        source::Source,
        span::Span,
    },
    threads::{Threads, runtime},
    transports::{self, context::Context},
};

/// A server within this program, whose stream the caller publishes.
#[derive(Debug)]
pub struct Embedded {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it serves: nothing, until something is published here.
    pub hub: Arc<Hub>,
    /// Its counters.
    pub metrics: Arc<Metrics>,
}

/// A server that could start: its feed is read and its address is bound.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    source: Source,
    tls: Option<Tls>,
    listener: std::net::TcpListener,
    open_files: u64,
}

/// Does everything that can fail because of what was asked for.
pub fn prepare(mut config: Config) -> anyhow::Result<Prepared> {
    Allocator::settle(config.allocator)?;
    if let Some(cpus) = &config.cpus {
        cpus.pin()?;
    }
    config.token = access::token(config.token.as_deref(), config.token_file.as_deref())?;
    let source = config.source()?;
    let network = config.live.as_ref().and_then(LiveOptions::network);
    let tls = Tls::of(&config.tls, &[Some(config.listen.ip()), network].into_iter().flatten().collect::<Vec<_>>())?;
    let listener = listener::bind(config.listen, &config.bounds)?;
    Ok(Prepared { config, source, tls, listener, open_files: raise_open_files() })
}

impl Prepared {
    /// Runs the server until a signal asks it to end, then drains it.
    ///
    /// Under [`Config::control`] it also ends with stdin, and holds its stream back until it is told to publish.
    /// Prints [`Event`]s on stdout: the first says where it listens.
    pub fn run(self) -> anyhow::Result<()> {
        runtime()?.block_on(self.serve())
    }

    /// Serves clients as [`Self::run`] does, for as long as the runtime lives in which this is called, and publishes
    /// nothing: benches do, one update at a time.
    pub fn embed(self) -> anyhow::Result<Embedded> {
        let Self { config, source, tls, listener, .. } = self;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let server = Server::new(&config, source, tls);
        let (hub, metrics) = (Arc::clone(server.hubs.published()), Arc::clone(&server.metrics));
        let threads = server.start_threads(&config)?;
        tokio::spawn(async move { server.accept(listener, &config, &threads).await });
        Ok(Embedded { address, hub, metrics })
    }

    async fn serve(self) -> anyhow::Result<()> {
        let Self { config, source, tls, listener, open_files } = self;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let certificate = tls.as_ref().and_then(|tls| tls.made.clone());
        let server = Server::new(&config, source, tls);
        let threads = server.start_threads(&config)?;
        if !config.control && config.live.is_none() {
            warn_of(open_files, config.bounds.max_connections);
        }
        // Before anybody knows of it, and might end it.
        let signals = StopSignals::listen()?;
        announce(address, certificate, &config)?;
        let stop = tokio::select! {
            () = server.accept(listener, &config, &threads) => Ok("the threads ended"),
            stop = server.until_told_to_stop(signals, config.control) => stop,
        };
        info!(reason = *stop.as_ref().unwrap_or(&"an error"), "draining");
        server.draining.cancel();
        server.hubs.read().for_each(|hub| hub.drain());
        threads.end().await?;
        stop.map(drop)
    }
}

fn announce(address: SocketAddr, certificate: Option<String>, config: &Config) -> anyhow::Result<()> {
    if let Some(live) = &config.live {
        live.announce(address, config.token.as_deref());
        return Ok(());
    }
    info!(%address, stream = %config.stream(), "serving");
    // Who controls it has asked for them.
    for fault in config.faults.iter().filter(|_| !config.control) {
        warn!(%fault, "misbehaving as told; this server is for proofs only");
    }
    control::emit(&Event::Ready { listen: address, certificate })
}

/// Who controls the server has looked at that limit before; it is the same for both.
fn warn_of(open_files: u64, max_connections: u32) {
    if open_files < u64::from(max_connections) + FILES_BESIDES {
        let most = open_files.saturating_sub(FILES_BESIDES);
        warn!(
            open_files,
            max_connections,
            "files that may be open suffice for {most} connections: raise the limit (`ulimit -Hn`), or lower --max-connections"
        );
    }
}

struct Server {
    hubs: Hubs,
    page: Option<Arc<Page>>,
    /// What the page's sliders ask for.
    changes: tokio::sync::Mutex<UnboundedReceiver<Change>>,
    faults: Vec<Fault>,
    tls: Option<Tls>,
    metrics: Arc<Metrics>,
    draining: CancellationToken,
    source: std::sync::Mutex<Option<Source>>,
    /// Everything that was due before this server was there has been published.
    caught_up: Notify,
}

impl Server {
    fn new(config: &Config, source: Source, tls: Option<Tls>) -> Self {
        let metrics = Arc::<Metrics>::default();
        let (changes, changed) = unbounded_channel();
        let live = config.live.as_ref().map(|options| Live::new(options, changes));
        let hold = live.as_ref().and_then(Live::hold).cloned();
        let page = config.page.then(|| Arc::new(Page::new(&metrics.tally, &config.stream(), config.engine, live)));
        Self {
            changes: changed.into(),
            hubs: Hubs::new(&config.faults, hold, config.history(), usize::from(config.threads)),
            page,
            faults: config.faults.clone(),
            tls,
            metrics,
            draining: CancellationToken::new(),
            source: Some(source).into(),
            caught_up: Notify::new(),
        }
    }

    /// Accepts for ever. Until a stream that is taken up has been caught up with, clients wait in the kernel's queue: there
    /// would be nothing yet at their cursors.
    async fn accept(&self, listener: tokio::net::TcpListener, config: &Config, threads: &Threads) {
        if config.resume {
            self.caught_up.notified().await;
        }
        let max_connections = config.bounds.max_connections;
        listener::accept(listener, max_connections, self.tls.is_some(), &self.metrics, &threads.queues).await;
    }

    /// Starts serving.
    fn start_threads(&self, config: &Config) -> anyhow::Result<Threads> {
        let served = (0..usize::from(config.threads)).map(|number| {
            let spun = Spun::of(&self.faults);
            let shards = self.hubs.read().map(|hub| Shard::spinning(hub, number, transports::frame, spun));
            let shards: Vec<_> = shards.collect();
            (self.http(config, &shards), shards)
        });
        Threads::start(served, config.drain_timeout)
    }

    fn http(&self, config: &Config, shards: &[Arc<Shard>]) -> Arc<Http> {
        let shard_of = |transport| {
            let reads_it = |shard: &&Arc<Shard>| Arc::ptr_eq(shard.hub(), self.hubs.of(transport));
            Arc::clone(shards.iter().find(reads_it).expect("every hub that is read has a shard"))
        };
        Arc::new(Http {
            context: Arc::new(Context {
                shards: Transport::SERVED.map(shard_of),
                access: Access { token: config.token.clone(), origins: config.allow_origins.clone() },
                faults: self.faults.clone(),
                metrics: Arc::clone(&self.metrics),
                engine: config.engine,
                poll_timeout: config.poll_timeout,
                bounds: config.bounds.clone(),
                draining: self.draining.clone(),
                tasks: TaskTracker::new(),
            }),
            hub: Arc::clone(self.hubs.published()),
            stream: config.stream(),
            tls: self.tls.clone(),
            page: self.page.clone(),
        })
    }

    /// Publishes, at once or as commanded, until there is a reason to stop.
    async fn until_told_to_stop(&self, mut signals: StopSignals, under_control: bool) -> anyhow::Result<&'static str> {
        let mut commands = if under_control { Some(control::commands()) } else { None };
        let mut changes = self.changes.lock().await;
        let mut publisher = None;
        if !under_control {
            publisher = self.publish(Span { first_due_ns: clock::now_ns(), window: None, changes: Vec::new() })?;
        }
        loop {
            let command = async {
                match &mut commands {
                    Some(commands) => commands.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                (name, _) = signals.next() => return Ok(name),
                Some(change) = changes.recv() => publisher.iter().try_for_each(|publisher: &Publisher| {
                    publisher.reschedule(change, |made| drop(made.inspect_err(|why| warn!(why, "the stream stays as it was"))))
                })?,
                command = command => match command.transpose()? {
                    None => return Ok("stdin closed"),
                    Some(Command::Publish { first_due_ns, window, changes }) => {
                        anyhow::ensure!(publisher.is_none(), "told to publish twice");
                        let mut started = self.publish(Span { first_due_ns, window, changes })?;
                        if let Some(started) = &mut started {
                            started.caught_up().await;
                        }
                        self.caught_up.notify_one();
                        publisher = started;
                    }
                    Some(Command::Reschedule { id, change }) => match &publisher {
                        Some(publisher) => {
                            publisher.reschedule(change, move |made| answer(id, made.map(|made| Event::Rescheduled { id, made })))?;
                        }
                        None => answer(id, Err("nothing is published yet; `publish` takes changes".to_owned())),
                    },
                    Some(Command::Account { id, window }) => match &publisher {
                        Some(publisher) => publisher.account(window, move |given| {
                            answer(id, given.map(|published| Event::Account { id, published }));
                        })?,
                        None => answer(id, Err("nothing is published yet; `publish` takes a window".to_owned())),
                    },
                    Some(Command::Memory) => {
                        control::emit(&Event::Memory { in_use_bytes: Allocator::in_use_bytes() })?;
                    }
                },
            }
        }
    }

    fn publish(&self, span: Span) -> anyhow::Result<Option<Publisher>> {
        let source = self.source.lock().ok().and_then(|mut source| source.take()).context("the stream has started")?;
        let (hub, metrics) = (Arc::clone(self.hubs.published()), Arc::clone(&self.metrics));
        let faults = self.hubs.misbehaviour(&self.faults, span.first_due_ns)?;
        Publisher::start(
            source,
            span,
            || Ok(IntoHub { hub, metrics, faults }),
            |published| {
                if let Err(error) = published.and_then(|published| control::emit(&Event::Published(published))) {
                    warn!(%error, "nobody reads the account");
                }
            },
        )
        .map(Some)
    }
}

fn answer(id: u64, answer: Result<Event, String>) {
    let event = answer.unwrap_or_else(|reason| Event::Refused { id, reason });
    if let Err(error) = control::emit(&event) {
        warn!(%error, "nobody reads what became of a command");
    }
}
