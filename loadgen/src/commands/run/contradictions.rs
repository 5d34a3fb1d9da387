//! Options that contradict each other: each is refused with the reason, and with what to leave out.

use anyhow::{bail, ensure};
use protocol::results::{Disturbance, Scenario};
use reports::url_without_secrets;
use server::Allocator;

use crate::{
    clients::{CLIENTS_PER_SOURCE, dialects::PUSHBENCH},
    measure::{
        target::{SERVER_VARIABLE, TargetArgs},
        through::Through,
    },
    scenario::Settings,
};

/// Refuses what cannot all be meant.
pub(super) fn refuse(settings: &Settings, target: &TargetArgs, allocator: Option<Allocator>) -> anyhow::Result<()> {
    for (option, is_given) in [("--precision", settings.precision.is_some()), ("--budget", settings.budget.is_some())] {
        ensure!(
            !is_given || settings.repeats.is_none(),
            "--repeats beside {option}: the one says how often each point is measured, the other has it measured until the \
             ratios are precise; leave one of them out"
        );
    }
    let Some(url) = &target.server else { return Ok(()) };
    ensure!(
        !settings.ask_for_link(),
        "rtt, jitter, loss, outage or link beside --server {}: a server that runs already is outside the network in which the link lies; have it \
         started there by --server-command, or start both behind one: loadgen link --rtt 40ms -- COMMAND",
        url_without_secrets(url)
    );
    // What of others' servers is whose choice is looked at once these are known.
    if settings.peer.is_some() || settings.dialect.as_deref().is_some_and(|dialect| dialect != PUSHBENCH) {
        return Ok(());
    }
    // What is given here, and how a server of ours is told it.
    for (option, is_given, told_by) in [
        ("--rate", settings.rate_hz.is_some(), "--rate HZ"),
        ("--payload-bytes", settings.payload_bytes.is_some(), "--payload-bytes N"),
        ("--arrivals", settings.arrivals.is_some(), "--poisson"),
        ("--audience", settings.audience.is_some(), "--topics N"),
        ("--speak", settings.speak, "--speak"),
        ("--coalesce", settings.coalesce.is_some(), "--coalesce TIME"),
        ("--replay", settings.replay.is_some(), "--replay FILE"),
        ("--speed", settings.speed.is_some(), "--replay FILE --speed X"),
        ("--tls", settings.tls.is_some(), "--tls-self-signed"),
        ("--engine", settings.engine.is_some(), "--engine NAME"),
        ("--server-threads", settings.server_threads.is_some(), "--threads N"),
        ("--allocator", allocator.is_some(), "--allocator NAME"),
    ] {
        if is_given {
            bail!(
                "{option} beside --server {} (or ${SERVER_VARIABLE}): that is the server's own choice, and this one runs \
                 already; start it with `{told_by}`, if it is pushbench's, and leave {option} out here; or leave --server out",
                url_without_secrets(url)
            );
        }
    }
    Ok(())
}

/// The proxy that was asked for. `at`: where the server runs already, if it does.
pub(super) fn through(scenario: &Scenario, at: Option<&str>) -> anyhow::Result<Option<Through>> {
    let Some(name) = &scenario.through else { return Ok(None) };
    if let Some(url) = at {
        bail!(
            "through {name} beside --server {}: a proxy is put before a server that is started here; leave one out, or put your own before \
             that one and name its URL",
            url_without_secrets(url)
        );
    }
    ensure!(scenario.tls == [false], "tls beside --through {name}: the proxy has no keys here; leave one of them out");
    ensure!(
        scenario.disturbance != Some(Disturbance::Restart),
        "disturb restart beside --through {name}: then the proxy answers clients, not the server; use --disturb drop"
    );
    ensure!(
        scenario.clients.iter().all(|clients| *clients <= CLIENTS_PER_SOURCE),
        "clients beside --through {name}: a proxy reaches its server from one address, which has ports for {CLIENTS_PER_SOURCE} clients; ask for \
         fewer"
    );
    Through::find(name).map(Some)
}
