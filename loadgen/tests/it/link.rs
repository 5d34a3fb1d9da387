//! Behind a link: what takes how long at least, what is lost and what is not, by which rights, and what is left of it.

use std::{env, io::Write, process::Command};

use loadgen::link::Conditions;
use procfs::process::Process;
use protocol::{
    clock::now_ns,
    results::{Path, RoundTrip},
};
use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::{
    others::relay_program,
    program::{Ended, Loadgen, eventually, loadgen},
};

/// Whether links are tried. A machine that has no right to one has to say that it knows: otherwise these tests fail there.
pub(crate) fn tried() -> bool {
    let without = env::var_os("LOADGEN_TEST_WITHOUT_LINK").is_some_and(|value| value == "1");
    if without {
        // Not by a macro, whose output is kept from who looks.
        let _ = writeln!(std::io::stderr(), "SKIPPED: link::*, as LOADGEN_TEST_WITHOUT_LINK=1 asks");
    }
    !without
}

/// So many clients that exchange so many bytes behind a link: how long each took to connect, and to exchange.
fn exchanges(options: &str, clients: u32, bytes: u32) -> (Vec<(u64, u64)>, Ended) {
    let dir = tempfile::tempdir().unwrap();
    let program = relay_program().with_file_name("exchange");
    let ended = loadgen(dir.path(), &format!("link {options} -- {} {clients} {bytes}", program.display()));
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let took = ended.stdout.iter().map(|line| {
        let (connected, exchanged) = line.split_once(' ').unwrap();
        (connected.parse().unwrap(), exchanged.parse().unwrap())
    });
    let took: Vec<_> = took.collect();
    assert_eq!(took.len(), clients as usize);
    (took, ended)
}

/// Packets carried, lost, cut and dropped.
fn counts(ended: &Ended) -> [u64; 4] {
    let told = ended.stderr.iter().find_map(|line| line.strip_prefix("The link: ")).unwrap();
    let counts = told.split([',', ';']).map_while(|part| part.split_whitespace().next()?.parse().ok());
    counts.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn whatever_crosses_it_takes_a_round_trip_at_least_and_nothing_is_dropped() {
    if !tried() {
        return;
    }
    let (took, ended) = exchanges("--rtt 40ms", 3, 10_000);
    for (connected_ns, exchanged_ns) in took {
        assert!(connected_ns >= 40_000_000 && exchanged_ns >= 40_000_000, "{connected_ns} {exchanged_ns}");
    }
    let [packets, lost, cut, dropped] = counts(&ended);
    // Three to connect, seven segments each way and as many acknowledgements for two of them.
    assert!(packets >= 3 * (3 + 14), "{packets}");
    assert_eq!([lost, cut, dropped], [0; 3]);
    let (told, ..) = ended.stderr[0].split_once(':').unwrap();
    assert!(told.starts_with("A link of 40 ms ("), "{told}");
}

#[test]
fn each_client_has_the_round_trip_that_was_drawn_for_it() {
    if !tried() {
        return;
    }
    let rtt_ms = RoundTrip { from: 1.0, to: 200.0 };
    let conditions = Conditions { path: Path { rtt_ms, jitter_ms: 0.0, loss_percent: 0.0 }, seed: 7 };
    let (took, ended) = exchanges("--rtt 1ms..200ms --seed 7", 5, 1);
    for (client, (connected_ns, exchanged_ns)) in (0..).zip(took) {
        let rtt_ns = 2 * conditions.one_way_ns(client);
        assert!(connected_ns >= rtt_ns && exchanged_ns >= rtt_ns, "{client}: {connected_ns} {exchanged_ns} {rtt_ns}");
    }
    assert_eq!(counts(&ended)[1..], [0; 3]);
}

#[test]
fn what_is_to_be_lost_is_and_everything_arrives_all_the_same() {
    if !tried() {
        return;
    }
    let [packets, lost, cut, dropped] = counts(&exchanges("--rtt 2ms --jitter 1ms --loss 5%", 1, 300_000).1);
    // Of the first 400 draws of this seed some are losses, whoever's they are.
    assert!(packets >= 400 && lost > 0, "{packets} {lost}");
    assert_eq!([cut, dropped], [0; 2]);
}

#[test]
fn nothing_passes_in_an_outage() {
    if !tried() {
        return;
    }
    let begun_ns = now_ns();
    let (_, ended) = exchanges("--rtt 0 --outage 1500ms@0s", 1, 1);
    assert!(now_ns() - begun_ns >= 1_500_000_000);
    assert_eq!(counts(&ended)[3], 0);
}

#[test]
fn its_status_is_the_commands_which_has_the_signals_that_it_is_sent() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    std::fs::write(&script, "exit $1").unwrap();
    assert_eq!(loadgen(dir.path(), "link --rtt 0 -- sh script 7").status, Some(7));
    std::fs::write(&script, "trap 'exit 9' HUP; echo ready; while :; do sleep 0.01; done").unwrap();
    for (signal, status) in [(Signal::TERM, 128 + 15), (Signal::HUP, 9)] {
        let link = Loadgen::with_signals(dir.path(), "--default-signal=HUP", "link --rtt 0 -- sh script");
        assert_eq!(link.stdout_line(), "ready");
        link.signal(signal);
        let ended = link.ended();
        assert_eq!(ended.status, Some(status), "{ended:#?}");
        assert_eq!(counts(&ended)[3], 0);
    }
}

#[test]
fn the_device_goes_with_whoever_is_killed() {
    if !tried() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("script"), "echo $$; exec sleep 600").unwrap();
    let link = Loadgen::start(dir.path(), "link --rtt 40ms -- sh script");
    let pid: i32 = link.stdout_line().parse().unwrap();
    // It stays, and its namespace with it.
    let command = Process::new(pid).unwrap();
    let devices = || command.dev_status().unwrap().into_keys().filter(|name| name != "lo").collect::<Vec<_>>();
    assert_eq!(devices().len(), 1);
    link.signal(Signal::KILL);
    eventually("the device is gone", || devices().is_empty().then_some(()));
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    drop(link);
}

/// What a shell makes of `"$0" "$@"`, which is loadgen with its options.
fn by_shell(script: &str, options: &str) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_loadgen")]).args(options.split(' '));
    Loadgen::spawn(dir.path(), command).ended()
}

#[test]
fn an_ordinary_user_has_one_by_a_user_namespace_and_stays_who_it_is() {
    if !tried() {
        return;
    }
    // By its descriptor, for that user may not come to where the program lies.
    let nobody = "exec 3<\"$0\"; exec setpriv --reuid 65534 --regid 65534 --clear-groups /proc/self/fd/3 \"$@\"";
    let is_root = geteuid().is_root();
    let ended = by_shell(if is_root { nobody } else { "exec \"$0\" \"$@\"" }, "link --rtt 40ms -- id -u");
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let user = if is_root { 65_534 } else { geteuid().as_raw() };
    assert_eq!(ended.stdout, [user.to_string()]);
    assert!(ended.stderr[0].starts_with("A link of 40 ms (by a user namespace): "), "{ended:#?}");
}

#[test]
fn who_may_not_have_one_is_told_why_and_what_helps() {
    if !tried() {
        return;
    }
    let no_driver = "exec unshare -Urm sh -c 'mount -t tmpfs none /dev/net; exec \"$0\" \"$@\"' \"$0\" \"$@\"";
    let no_namespaces = "exec unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; \
                         exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \"$0\" \"$@\"' \"$0\" \"$@\"";
    for (script, why, remedy) in [
        (no_driver, "/dev/net/tun cannot be opened", "`sudo modprobe tun`"),
        (no_namespaces, "may not have a network namespace", "`sudo sysctl user.max_user_namespaces=15000`"),
    ] {
        let ended = by_shell(script, "link --rtt 40ms -- echo never");
        assert_eq!((ended.status, &ended.stdout[..]), (Some(2), &[][..]), "{ended:#?}");
        let told = ended.message();
        assert!(told.contains(why) && told.contains(remedy), "{told}");
        // The doctor says the same, and fails nobody for it.
        let ended = by_shell(script, "doctor --clients 10");
        let found = ended.stdout.iter().position(|line| line.starts_with("warn  link ")).unwrap();
        assert!(ended.stdout[found].contains(why) && ended.stdout[found + 1].contains(remedy), "{ended:#?}");
        assert_eq!(ended.status, Some(0), "{ended:#?}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_value() {
    let dir = tempfile::tempdir().unwrap();
    for (options, reason) in [
        ("--rtt -5ms", "`-5ms` must be a time from 0 to 10s"),
        ("--rtt 11s", "`11s` must be a time from 0 to 10s"),
        ("--rtt 200ms..20ms", "`200ms..20ms` ends before it begins"),
        ("--rtt loopback", "--rtt loopback: that is no link"),
        ("--rtt 0 --jitter 11s", "`11s` must be a time from 0 to 10s"),
        ("--rtt 0 --loss 51%", "`51%` must be from 0% to 50%"),
        ("--rtt 0 --outage 3s", "`3s` must be how long, and how long after the start"),
        ("--rtt 0 --seed x", "invalid value 'x' for '--seed"),
        ("", "--rtt <TIME|FROM..TO>"),
    ] {
        let ended = loadgen(dir.path(), &format!("link {options} -- echo never"));
        assert_eq!((ended.status, &ended.stdout[..]), (Some(2), &[][..]), "{ended:#?}");
        assert!(ended.message().contains(reason), "{options}: {}", ended.message());
    }
    if tried() {
        let ended = loadgen(dir.path(), "link --rtt 0 -- no-such-program");
        assert_eq!(ended.status, Some(2), "{ended:#?}");
        assert!(ended.message().contains("`no-such-program` cannot be started"), "{ended:#?}");
    }
}
