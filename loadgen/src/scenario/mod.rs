//! Scenarios: what a sweep varies, how often it repeats, and why. TOML files, some built in, every key also an option.

mod goal;
mod path;
pub mod plan;
mod settings;
mod updates;
mod valid;
pub mod warm_up;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use protocol::{
    Engine, Transport,
    results::{Also, Audience, Disturbance, Path as NetworkPath, Peer, Publish, Scenario},
};
use server::stream::replay::Feed;
use toml::Value;

pub use goal::REPEATS_MIN;
pub use path::{Coalesce, Jitter, Loss, Rtt};
use settings::Percent;
pub use settings::{ServerKeys, Settings};
pub(crate) use settings::{arrivals, on_or_off};
pub use updates::updates_due;
pub(crate) use valid::validate_rates;
use valid::{validate, validate_feed};

use crate::machine::{cgroup::Cgroups, pinning};

/// The scenario that is run unless another is named.
pub const DEFAULT: &str = "quick";
/// How often short polling asks unless told otherwise.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Scenarios that come with pushbench: name and TOML.
pub const BUILT_IN: [(&str, &str); 19] = [
    ("quick", include_str!("../../scenarios/quick.toml")),
    ("clients", include_str!("../../scenarios/clients.toml")),
    ("rate", include_str!("../../scenarios/rate.toml")),
    ("payload", include_str!("../../scenarios/payload.toml")),
    ("transports", include_str!("../../scenarios/transports.toml")),
    ("network", include_str!("../../scenarios/network.toml")),
    ("mobile", include_str!("../../scenarios/mobile.toml")),
    ("map", include_str!("../../scenarios/map.toml")),
    ("idle", include_str!("../../scenarios/idle.toml")),
    ("chat", include_str!("../../scenarios/chat.toml")),
    ("editor", include_str!("../../scenarios/editor.toml")),
    ("notify", include_str!("../../scenarios/notify.toml")),
    ("ticker", include_str!("../../scenarios/ticker.toml")),
    ("coalesce", include_str!("../../scenarios/coalesce.toml")),
    ("feed", include_str!("../../scenarios/feed.toml")),
    ("uplink", include_str!("../../scenarios/uplink.toml")),
    ("reconnect", include_str!("../../scenarios/reconnect.toml")),
    ("restart", include_str!("../../scenarios/restart.toml")),
    ("gate", include_str!("../../scenarios/gate.toml")),
];

/// The scenario called `name` (built in, or a TOML file's path), with `options` over it, checked.
pub fn load(name: &Path, options: Settings) -> anyhow::Result<Scenario> {
    load_with_feed(name, options).map(|(scenario, _)| scenario)
}

/// The same, and the feed that it replays, which may be a pipe: it is read here, and never again.
pub fn load_with_feed(name: &Path, options: Settings) -> anyhow::Result<(Scenario, Option<Feed>)> {
    let (short, file) = read(name)?;
    refuse_a_stream(&file, &options)?;
    let feed = options.replay.as_ref().or(file.replay.as_ref()).cloned();
    // Named or not: whoever names none leaves the choice to us.
    let named = options.transports.is_some();
    let budget = options.budget;
    let mut scenario = resolve(short, file, options);
    if scenario.aa && !named {
        scenario.transports.truncate(1);
    }
    validated(scenario, feed, budget)
}

/// Refuses a rate or the like where nothing is published. That a scenario has one whose stream an option takes away is no mistake.
fn refuse_a_stream(file: &Settings, options: &Settings) -> anyhow::Result<()> {
    if options.publish.or(file.publish) != Some(Publish::None) {
        return Ok(());
    }
    let of_file = if file.publish == Some(Publish::None) { file.of_the_stream() } else { None };
    let beside = options.of_the_stream().map(|key| format!("--{key}")).or(of_file.map(str::to_owned));
    match beside {
        None => Ok(()),
        Some(key) => {
            bail!("{key} beside --publish none: the server pushes what it has, when it likes; leave one of them out")
        }
    }
}

fn validated(
    mut scenario: Scenario,
    feed: Option<PathBuf>,
    budget: Option<Duration>,
) -> anyhow::Result<(Scenario, Option<Feed>)> {
    validate(&scenario)?;
    let feed = feed.map(|feed| Feed::open(&feed).context("replay")).transpose()?;
    scenario.feed_warm_up_s = feed.as_ref().map(warm_up::feed_s);
    feed.iter().try_for_each(|feed| validate_feed(&scenario, feed))?;
    goal::settle(&mut scenario, budget)?;
    Ok((scenario, feed))
}

/// Whether a link is needed for the scenario called `name` with `options` over it. What cannot be read needs none: it is refused later.
pub fn asks_for_link(name: &Path, options: &Settings) -> bool {
    let resolved = read(name).map(|(short, file)| resolve(short, file, options.clone()));
    resolved.is_ok_and(|scenario| scenario.parts().iter().any(|part| part.path.iter().any(Option::is_some)))
}

/// Leaves out what needs a link, if anything is left then.
pub fn without_link(scenario: &mut Scenario) -> bool {
    let is_loopback = |path: &mut Vec<Option<NetworkPath>>| {
        path.retain(Option::is_none);
        !path.is_empty()
    };
    scenario.also.retain_mut(|also| is_loopback(&mut also.path));
    is_loopback(&mut scenario.path)
}

/// The TOML of the scenario called `name`.
pub fn text(name: &Path) -> anyhow::Result<String> {
    if let Some((_, text)) = built_in(name) {
        return Ok(text.to_owned());
    }
    let names = BUILT_IN.map(|(name, _)| name).join(", ");
    std::fs::read_to_string(name).with_context(|| {
        format!("no scenario `{}`: built in are {names}; or give the path of a TOML file", name.display())
    })
}

/// The same for a gate, which has limits of its own, without thresholds; and as it can be read from any folder: the paths of a feed, a
/// dialect, a proxy's configuration and peers are made absolute.
pub fn text_from_anywhere(name: &Path) -> anyhow::Result<String> {
    let text = text(name)?;
    let (_, mut file) = read(name)?;
    file.lead_paths(absolute)?;
    let Settings { replay, dialect, through, peer, fail_if, .. } = file;
    let replay = replay.map(|feed| feed.to_string_lossy().into_owned());
    let led = [("replay", replay.map(Value::from)), ("dialect", dialect.map(Value::from))];
    let led = led.into_iter().chain([("through", through.map(Value::from)), ("peer", peer.map(Value::from))]);
    let led: Vec<_> = led.filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    if led.is_empty() && fail_if.is_none() {
        return Ok(text);
    }
    let mut keys: toml::Table = text.parse()?;
    keys.remove("fail_if");
    keys.extend(led);
    Ok(keys.to_string())
}

fn absolute(key: &str, path: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    ensure!(
        path.to_str().is_some(),
        "{key} {}: cannot be named in a copy of the scenario; move it to a path in UTF-8",
        path.display()
    );
    Ok(path)
}

fn built_in(name: &Path) -> Option<(&'static str, &'static str)> {
    BUILT_IN.into_iter().find(|(built_in, _)| Path::new(built_in) == name)
}

/// A scenario's short name, and what its file says.
fn read(name: &Path) -> anyhow::Result<(String, Settings)> {
    let mut file = parse(&name.to_string_lossy(), &text(name)?)?;
    // A key's path goes from where the key stands; an option's, from where it is typed.
    let folder = name.parent().unwrap_or(Path::new(""));
    file.lead_paths(|_, path| Ok(folder.join(path)))?;
    let stem = name.file_stem().filter(|_| built_in(name).is_none()).unwrap_or(name.as_os_str());
    Ok((stem.to_string_lossy().into_owned(), file))
}

/// The scenario in a TOML file's text, checked; `name` is said in errors.
pub fn check(name: &str, text: &str) -> anyhow::Result<Scenario> {
    let file = parse(name, text)?;
    refuse_a_stream(&file, &Settings::default())?;
    let feed = file.replay.clone();
    validated(resolve(name.to_owned(), file, Settings::default()), feed, None).map(|(scenario, _)| scenario)
}

/// Reads a scenario file; `name` is said in errors.
pub fn parse(name: &str, text: &str) -> anyhow::Result<Settings> {
    toml::from_str(text).with_context(|| format!("scenario {name} cannot be read"))
}

fn resolve(name: String, file: Settings, options: Settings) -> Scenario {
    let (server_threads, workers) =
        (options.server_threads.or(file.server_threads).unwrap_or(1), options.workers.or(file.workers));
    let pinned = if options.no_pin { None } else { pinning::split(server_threads, workers) };
    let generator_cores = pinned.as_ref().map_or(1, |pinned| pinned.generator.len() as u32);
    let goal = goal::goal(&file, &options);
    let seconds = |option: Option<Duration>, file: Option<Duration>, default_s: f64| {
        option.or(file).map_or(default_s, |time| time.as_secs_f64())
    };
    let asks_otherwise = options.ask_otherwise();
    let why = if asks_otherwise {
        format!("What the options ask, for the rest as the scenario {name}.")
    } else {
        file.why.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (jitter, outage) = (options.jitter.or(file.jitter), options.outage.or(file.outage));
    let through_link = options.link || file.link || outage.is_some();
    let (rtt, loss) = (options.rtt.or(file.rtt), options.loss.or(file.loss));
    let transports = options.transports.or(file.transports).unwrap_or_else(|| Transport::DEFAULT.to_vec());
    let coalesce = options.coalesce.or(file.coalesce);
    let poll_interval = options.poll_interval.or(file.poll_interval);
    let poll_interval_s = poll_interval.or(transports.contains(&Transport::ShortPoll).then_some(POLL_INTERVAL));
    let poll_interval_s = poll_interval_s.map(|interval| interval.as_secs_f64());
    // How each is started, and what it speaks, is settled before anything is measured.
    let unsettled = |name| Peer { name, transports: transports.clone(), command: None, publish: None };
    let peer = options.peer.or(file.peer).unwrap_or_default().into_iter().map(unsettled).collect();
    let fail_if = options.fail_if.or(file.fail_if).unwrap_or_default();
    let own = Scenario {
        name,
        why,
        transports,
        clients: options.clients.or(file.clients).unwrap_or_else(|| vec![1000]),
        rate_hz: options.rate_hz.or(file.rate_hz).unwrap_or_else(|| vec![10.0]),
        payload_bytes: options.payload_bytes.or(file.payload_bytes).unwrap_or_else(|| vec![128]),
        arrivals: options.arrivals.or(file.arrivals).unwrap_or_default(),
        audience: options.audience.or(file.audience).unwrap_or_else(|| vec![Audience::default()]),
        speak: options.speak || file.speak,
        coalesce_ms: coalesce.map_or_else(|| vec![0.0], |times| times.into_iter().map(|Coalesce(ms)| ms).collect()),
        replay: options.replay.or(file.replay).map(|feed| feed.to_string_lossy().into_owned()),
        feed_warm_up_s: None,
        speed: options.speed.or(file.speed).unwrap_or_else(|| vec![1.0]),
        engine: options.engine.or(file.engine).unwrap_or_else(|| vec![Engine::default()]),
        path: path::paths(rtt.as_deref(), loss.as_deref(), jitter, through_link),
        also: Vec::new(),
        peer,
        tls: options.tls.or(file.tls).unwrap_or_else(|| vec![false]),
        goal,
        repeats: goal::repeats(options.repeats.or(file.repeats), goal),
        fail_if: fail_if.iter().map(ToString::to_string).collect(),
        settle_s: seconds(options.settle, file.settle, 0.5),
        warm_up_s: seconds(options.warm_up, file.warm_up, 1.0),
        measure_s: seconds(options.measure, file.measure, 3.0),
        drain_s: seconds(options.drain, file.drain, 10.0),
        connect_rate: options.connect_rate.or(file.connect_rate).unwrap_or(5_000),
        connect_grace_s: seconds(options.connect_grace, file.connect_grace, 30.0),
        absent_max_percent: options.absent_max.or(file.absent_max).map_or(0.0, |Percent(percent)| percent),
        workers: workers.unwrap_or(generator_cores),
        server_threads,
        pinned,
        kept_awake: Cgroups::own().cpu_max().is_none(),
        seed: options.seed.or(file.seed).unwrap_or(1),
        aa: options.aa,
        polls: options.polls.or(file.polls).unwrap_or_default(),
        poll_interval_s,
        signal_rate_hz: options.signal_rate_hz.or(file.signal_rate_hz).unwrap_or(0.0),
        disturbance: options.disturb.or(file.disturb).or(outage.map(|_| Disturbance::Outage)),
        outage_s: outage.map(|outage| outage.as_secs_f64()),
        server: file.server.url,
        server_command: options.server.command.or(file.server.command),
        server_ready: options.server.ready.or(file.server.ready),
        dialect: options.dialect.or(file.dialect),
        publish: options.publish.or(file.publish),
        speakers: options.speakers.or(file.speakers),
        through: options.through.or(file.through),
        search: None,
    };
    // Whoever asks for other loads asks for these alone.
    let also = if asks_otherwise { Vec::new() } else { file.also };
    let beside = also.into_iter().map(|keys| {
        let path = path::paths(keys.rtt.as_deref(), keys.loss.as_deref(), jitter, through_link);
        Also {
            clients: keys.clients.unwrap_or_else(|| own.clients.clone()),
            rate_hz: keys.rate_hz.unwrap_or_else(|| own.rate_hz.clone()),
            payload_bytes: keys.payload_bytes.unwrap_or_else(|| own.payload_bytes.clone()),
            engine: keys.engine.unwrap_or_else(|| own.engine.clone()),
            path: if keys.rtt.is_some() || keys.loss.is_some() { path } else { own.path.clone() },
        }
    });
    let also = beside.collect();
    Scenario { also, ..own }
}

#[cfg(test)]
mod tests {
    use server::stream::replay::BUILTIN_MARKET;

    use super::*;

    fn refused(toml: &str) -> String {
        format!("{:#}", check("test", toml).expect_err(toml))
    }

    #[test]
    fn every_built_in_scenario_is_valid_and_says_why() {
        for (name, _) in BUILT_IN {
            let scenario = load(name.as_ref(), Settings::default()).unwrap();
            assert!(scenario.why.contains('?'), "{name} asks a question");
        }
    }

    #[test]
    fn options_replace_the_keys_of_the_file() {
        let options = Settings { clients: Some(vec![7]), repeats: Some(2), ..Settings::default() };
        let scenario = load(DEFAULT.as_ref(), options).unwrap();
        assert_eq!((scenario.clients, scenario.repeats, scenario.rate_hz), (vec![7], 2, vec![25.0]));
        // What it was made for is no longer what is asked; how well it is answered is another thing.
        assert!(scenario.why.contains("as the scenario quick"), "{}", scenario.why);
        let longer = load(DEFAULT.as_ref(), Settings { repeats: Some(9), ..Settings::default() }).unwrap();
        assert!(longer.why.contains('?'), "{}", longer.why);
    }

    #[test]
    fn a_transport_is_compared_with_itself() {
        let aa = |transports| load(DEFAULT.as_ref(), Settings { aa: true, transports, ..Settings::default() });
        assert_eq!(aa(None).unwrap().transports, [Transport::WebSocket]);
        assert_eq!(aa(Some(vec![Transport::LongPoll])).unwrap().transports, [Transport::LongPoll]);
        assert!(aa(Some(Transport::ALL.to_vec())).unwrap_err().to_string().contains("--transports websocket"));
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        for (toml, reason) in [
            ("clients = [0]", "clients 0: must be between 1"),
            ("clients = [1000000001]", "clients 1000000001: must be"),
            ("clients = []", "clients: the list is empty"),
            ("clients = [5, 5]", "clients 5: listed twice"),
            ("rate_hz = [-1]", "rate -1: must be more than 0"),
            ("rate_hz = [nan]", "rate NaN: must be"),
            ("arrivals = \"poisson\"\nrate_hz = [nan]", "rate NaN: must be"),
            ("arrivals = \"poisson\"\nrate_hz = [-1]\nbudget = \"1m\"", "rate -1: must be more than 0"),
            ("payload_bytes = [10]", "payload-bytes 10: must be between 64"),
            ("rate_hz = [0.1]", "measure at least 20 s"),
            ("repeats = 0", "repeats 0: must be between 1"),
            ("measure = \"0s\"", "measure 0 s: must be"),
            ("speed = [2]", "there is no feed"),
            ("rate_hz = [1, 2, 3, 4, 5]\nclients = [1, 2, 3, 4, 5]\nrepeats = 1000", "50000 runs: at most 10000"),
            ("tls = [true, true]", "tls true: listed twice"),
            ("publish = \"none\"\nrate_hz = [5]", "rate beside --publish none"),
            ("signal_rate_hz = -1", "signal-rate -1: must be between 0"),
            ("audience = [\"two\"]", "unknown audience `two`: broadcast, one"),
            ("clients = [20]\naudience = [\"rooms of 50\"]", "audience rooms of 50: 20 clients do not fill one"),
            ("clients = [20]\naudience = [\"21 topics\"]", "audience 21 topics: more than the 20 clients there are"),
            ("clients = [20000]\nspeak = true\nrate_hz = [10]", "rate 10 from each of 20000: 200000 updates a second"),
            ("speak = true\ntransports = [\"short-poll\"]", "speak over short-poll: who asks by the clock"),
            ("speak = true\nsignal_rate_hz = 1", "signal-rate beside speak"),
            ("speak = true\ndisturb = \"restart\"", "disturb restart beside speak: what clients have said is gone"),
            ("speak = true\ncoalesce = [\"2ms\"]", "coalesce beside speak"),
            (
                "audience = [\"one\"]\ndialect = \"ws\"\npublish = \"feed\"",
                "a dialect knows no topics, only one room of all",
            ),
            ("audience = [\"one\"]\nreplay = \"builtin:market\"", "a feed is one stream, for all"),
            ("coalesce = [\"11s\"]", "`11s` must be a time from 0 to 10s"),
        ] {
            assert!(refused(toml).contains(reason), "{toml}: {}", refused(toml));
        }
    }

    #[test]
    fn a_stream_that_is_silent_while_it_is_measured_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let feed = dir.path().join("lull.ndjson");
        // Twice, five seconds apart; then the same again, five seconds later.
        std::fs::write(&feed, "{\"at_us\":0,\"data\":1}\n{\"at_us\":5000000,\"data\":2}\n").unwrap();
        let toml = |times: &str| format!("replay = {feed:?}\n{times}");
        for times in ["warm_up = \"11s\"\nmeasure = \"3s\"", "speed = [9, 0.5]\nwarm_up = \"11s\"\nmeasure = \"3s\""] {
            assert!(refused(&toml(times)).contains("no update is due in the measure phase, 3 s after 11 s"), "{times}");
        }
        let long = refused(&toml("warm_up = \"10001s\"\nmeasure = \"3s\""));
        assert!(long.contains("due 4.0 s after"), "{long}");
        // The first nanosecond counts, and the last does not.
        assert!(refused(&toml("warm_up = \"11s\"\nmeasure = \"4s\"")).contains("due 4.0 s after"));
        for times in ["warm_up = \"15s\"\nmeasure = \"1s\"", "speed = [2]\nwarm_up = \"1s\"\nmeasure = \"3s\""] {
            check("test", &toml(times)).unwrap();
        }
        let poisson = |seed: &u64| {
            format!(
                "arrivals = \"poisson\"\nrate_hz = [2]\nwarm_up = \"20s\"\nmeasure = \"1s\"\nrepeats = 1\nseed = {seed}"
            )
        };
        let silent = (0..100).filter(|seed| check("test", &poisson(seed)).is_err()).count();
        // One in e² of them is silent: 13.5 of a hundred in the mean, and always the same of these.
        assert!((5..25).contains(&silent), "{silent}");
    }

    #[test]
    fn a_copy_of_a_scenario_names_the_same_feed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        let feed = dir.path().join("feed.ndjson");
        for (replay, expected) in [("feed.ndjson", feed.as_path()), (BUILTIN_MARKET, BUILTIN_MARKET.as_ref())] {
            std::fs::write(&file, format!("replay = \"{replay}\"\nrepeats = 7\n")).unwrap();
            let copy = parse("copy", &text_from_anywhere(&file).unwrap()).unwrap();
            assert_eq!((copy.replay.as_deref(), copy.repeats), (Some(expected), Some(7)));
        }
    }

    #[test]
    fn a_peers_path_goes_from_where_it_stands_also_in_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        let others = "dialect = \"mine.toml\"\nthrough = \"./nginx.conf\"";
        std::fs::write(&file, format!("peer = [\"sub/mine\", \"own\"]\n{others}\n")).unwrap();
        let mine = dir.path().join("sub/mine").to_string_lossy().into_owned();
        let names = |scenario: &Scenario| scenario.peer.iter().map(|peer| peer.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&load(&file, Settings::default()).unwrap()), [&*mine, Peer::OWN]);
        let copy = parse("copy", &text_from_anywhere(&file).unwrap()).unwrap();
        assert_eq!(copy.peer.unwrap(), [&*mine, Peer::OWN]);
        for (led, name) in [(copy.dialect, "mine.toml"), (copy.through, "./nginx.conf")] {
            assert_eq!(led.as_deref().map(Path::new), Some(&*dir.path().join(name)));
        }
    }

    #[test]
    fn unknown_scenarios_and_keys_are_named() {
        let error = format!("{:#}", load("nope".as_ref(), Settings::default()).unwrap_err());
        assert!(error.contains("no scenario `nope`: built in are quick, clients"), "{error}");
        let error = format!("{:#}", parse("test", "cleints = [3]").unwrap_err());
        assert!(error.contains("cleints") && error.contains("line 1"), "{error}");
    }
}
