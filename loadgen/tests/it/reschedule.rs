//! The server of a run is told to change its schedule, and one in its place knows of it.

use std::{net::Ipv4Addr, num::NonZeroU32, path::Path};

use futures_util::FutureExt as _;
use loadgen::measure::server_process::{Launch, ServerProcess};
use protocol::{
    clock::{self, NS_PER_SEC},
    control::{Change, Window},
    results::{Arrivals, Stream},
};

const MS: u64 = 1_000_000;
const RATE_HZ: u32 = 100;

fn launch<'a>(stream: &'a Stream, in_place_of: Option<&'a ServerProcess>) -> Launch<'a> {
    Launch {
        program: Path::new(env!("CARGO_BIN_EXE_loadgen")),
        listens: Ipv4Addr::LOCALHOST,
        stream,
        topics: None,
        speak: false,
        coalesce_ms: 0.0,
        feed: None,
        threads: 1,
        tls: false,
        engine: None,
        seed: 1,
        cpus: None,
        faults: &[],
        in_place_of,
    }
}

/// To a rate that divides a second.
fn change(from_ns: u64, rate_hz: u32) -> Change {
    let (rate_hz, burst) = (f64::from(rate_hz), NonZeroU32::MIN);
    Change { from_ns, arrivals: Arrivals::Constant, rate_hz, payload_bytes: 100, burst }
}

/// How many updates are due before then.
fn due(first_due_ns: u64, changes: &[Change], to_ns: u64) -> u64 {
    let begin = std::iter::once(change(first_due_ns, RATE_HZ)).chain(changes.iter().copied());
    let ends = changes.iter().map(|change| change.from_ns).chain([to_ns]);
    begin.zip(ends).map(|(change, end_ns)| (end_ns - change.from_ns).div_ceil(NS_PER_SEC / change.rate_hz as u64)).sum()
}

async fn change_and_replace() -> anyhow::Result<()> {
    let stream = Stream::Synthetic { arrivals: Arrivals::Constant, rate_hz: RATE_HZ.into(), payload_bytes: 100 };
    let mut server = ServerProcess::start(&launch(&stream, None)).await?;
    let early = server.reschedule(change(0, 200)).await.unwrap_err().to_string();
    assert!(early.contains("nothing is published yet"), "{early}");

    let first_due_ns = clock::now_ns();
    server.publish(first_due_ns, None).await?;
    // Told, but not waited for: its answer is not taken for that of another.
    let later = change(first_due_ns + 200 * MS, 500);
    let _ = server.reschedule(later).now_or_never();
    let now = server.reschedule(change(0, 200)).await?.change;
    assert_eq!(now, change(now.from_ns, 200));
    let refusal = server.reschedule(change(0, 0)).await.unwrap_err().to_string();
    assert!(refusal.contains("rate_hz 0: must be more than 0"), "{refusal}");
    let last = server.reschedule(change(later.from_ns + MS, 1_000)).await?;
    assert!(last.change.from_ns > later.from_ns);
    let changes = server.changes().to_vec();
    // Whoever was told late of the first began it after the second.
    assert!(changes.len() == 3 && changes.is_sorted_by_key(|change| change.from_ns), "{changes:?}");
    let mut rates: Vec<u64> = changes.iter().map(|change| change.rate_hz as u64).collect();
    rates.sort_unstable();
    assert_eq!(rates, [200, 500, 1_000]);
    assert_eq!(last.first_seq, due(first_due_ns, &changes, last.change.from_ns) + 1);
    assert!(server.in_use_bytes().await? > 0);

    server.kill().await?;
    let mut server = ServerProcess::start(&launch(&stream, Some(&server))).await?;
    let window = Window { from_ns: first_due_ns, to_ns: clock::now_ns() + 50 * MS };
    server.publish(first_due_ns, Some(window)).await?;
    let account = server.published().await?;
    assert_eq!((account.first_seq, account.updates), (1, due(first_due_ns, &changes, window.to_ns)));
    server.stop().await
}

#[test]
fn a_server_changes_its_schedule_and_one_in_its_place_knows_of_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(change_and_replace()).unwrap();
}
