//! What is asked of a server of others: refused where it cannot be, and settled where it is left open.

use std::env;

use anyhow::{Context, bail, ensure};
use protocol::{
    Transport,
    results::{Disturbance, Publish, Scenario, Speakers},
};
use reports::url_without_secrets;

use crate::{
    clients::dialects::Dialect,
    measure::others::{Command, Others},
};

/// How the scenario's server is measured, if it is one of others; with that, what the scenario is.
///
/// `at`: where it runs already, if it does. `named`: whether the transports were chosen.
pub(in crate::commands) fn settle(
    scenario: &mut Scenario,
    at: Option<&str>,
    named: bool,
) -> anyhow::Result<Option<Others>> {
    let dialect = scenario.dialect.as_deref().map(Dialect::find).transpose()?.flatten();
    let Some(dialect) = dialect else {
        for (key, is_given) in [
            ("server-command", scenario.server_command.is_some()),
            ("server-ready", scenario.server_ready.is_some()),
            ("publish", scenario.publish.is_some()),
            ("speakers", scenario.speakers.is_some()),
        ] {
            ensure!(!is_given, "{key}: that is for a server of others; name how it is talked to by --dialect");
        }
        return Ok(None);
    };
    let name = scenario.dialect.clone().unwrap_or_default();
    let command = scenario.server_command.as_deref();
    let read = |command| Command::read("server-command", command, env::current_dir().context("no working directory")?);
    let mut command = command.map(read).transpose()?;
    match (&command, at) {
        (Some(_), None) | (None, Some(_)) => {}
        (Some(_), Some(url)) => {
            bail!(
                "--server-command beside --server {}: either it is started, or it runs; leave one out",
                url_without_secrets(url)
            )
        }
        (None, None) => bail!(
            "dialect {name}: of which server? Name one that runs by --server, or what starts it by --server-command"
        ),
    }
    if let Some(path) = &scenario.server_ready {
        let runs = "server-ready beside --server: that one runs already, and is not waited for; leave it out";
        command.as_mut().context(runs)?.set_ready("server-ready", path)?;
    }
    transports(scenario, &dialect, named)?;
    let asked = if scenario.speak { said(scenario.publish, scenario.speakers)? } else { scenario.publish };
    let publish = publish(asked, &scenario.transports, &dialect, command.is_some())?;
    let speakers = speakers(scenario, &dialect, publish)?;
    bearable(scenario, &format!("dialect {name}"), at.is_none())?;
    if publish == Publish::None {
        ensure!(
            scenario.replay.is_none(),
            "publish none beside --replay: the server pushes what it has; leave one out"
        );
        ensure!(
            scenario.disturbance.is_none(),
            "disturb beside --publish none: when a client is current cannot be told of updates without a stamp; leave it out"
        );
    }
    (scenario.engine, scenario.publish, scenario.speakers) = (Vec::new(), Some(publish), speakers);
    Ok(Some(Others { peer: None, dialect, publish, speakers, command }))
}

/// Refuses what only the own server bears. `beside`: the option that names one of others.
pub(super) fn bearable(scenario: &Scenario, beside: &str, is_started: bool) -> anyhow::Result<()> {
    ensure!(
        scenario.signal_rate_hz == 0.0,
        "signal-rate beside --{beside}: signals are of the own protocol; leave it out"
    );
    ensure!(
        scenario.disturbance != Some(Disturbance::Restart),
        "disturb restart beside --{beside}: a server of others does not take up the stream; use --disturb drop"
    );
    ensure!(
        !is_started || scenario.tls == [false],
        "tls beside --{beside}: a server of others that is started here has no keys; start it, and name it by --server https://.."
    );
    Ok(())
}

fn transports(scenario: &mut Scenario, dialect: &Dialect, named: bool) -> anyhow::Result<()> {
    let spoken = dialect.transports();
    if !named {
        scenario.transports.retain(|transport| spoken.contains(transport));
    }
    let unspoken = scenario.transports.iter().find(|transport| !spoken.contains(transport));
    if let Some(transport) = unspoken.or(if scenario.transports.is_empty() { spoken.first() } else { None }) {
        let names: Vec<_> = spoken.iter().map(|transport| transport.name()).collect();
        bail!("transports {transport}: the dialect {} speaks {}", dialect.name, names.join(" and "));
    }
    Ok(())
}

/// How updates get into a server of others where clients speak, whatever it would be else.
fn said(publish: Option<Publish>, speakers: Option<Speakers>) -> anyhow::Result<Option<Publish>> {
    if let Some(publish) = publish.filter(|publish| *publish != Publish::Client) {
        bail!("speak beside --publish {publish}: it is clients who publish then; leave one of them out");
    }
    ensure!(
        speakers != Some(Speakers::One),
        "speak beside --speakers one: every client speaks then; leave one of them out"
    );
    Ok(Some(Publish::Client))
}

pub(super) fn publish(
    asked: Option<Publish>,
    transports: &[Transport],
    dialect: &Dialect,
    is_started: bool,
) -> anyhow::Result<Publish> {
    let by_http = dialect.publish.is_some();
    let mute = transports.iter().find(|transport| !dialect.says(**transport));
    match asked {
        Some(Publish::Feed) if !is_started => {
            bail!(
                "publish feed: a server that runs already has no stdin here; start it by --server-command, or use --publish http"
            )
        }
        Some(Publish::Http) if !by_http => {
            bail!(
                "publish http: the dialect {} does not say how; add [publish] to it, or use --publish feed",
                dialect.name
            )
        }
        Some(Publish::Client) if let Some(transport) = mute => {
            bail!(
                "publish client: the dialect {} does not say how a client says an update over {transport}; add say to [{}] of it",
                dialect.name,
                transport.name().replace('-', "_")
            )
        }
        Some(publish) => Ok(publish),
        None if by_http => Ok(Publish::Http),
        None if is_started => Ok(Publish::Feed),
        None if mute.is_none() => Ok(Publish::Client),
        None => bail!(
            "publish: how do updates get into that server? The dialect {} has neither [publish] nor say, and a server that runs \
             already has no stdin here; add one of them, or start it by --server-command",
            dialect.name
        ),
    }
}

pub(super) fn speakers(scenario: &Scenario, dialect: &Dialect, publish: Publish) -> anyhow::Result<Option<Speakers>> {
    if publish != Publish::Client {
        ensure!(
            scenario.speakers.is_none(),
            "speakers beside --publish {publish}: no client says updates then; leave it out"
        );
        return Ok(None);
    }
    ensure!(
        dialect.echo || !scenario.clients.contains(&1),
        "clients 1 beside --publish client: the dialect {} says `echo = false`, so nobody is there to get an update; ask for two or more",
        dialect.name
    );
    let default = if scenario.speak { Speakers::All } else { Speakers::default() };
    Ok(Some(scenario.speakers.unwrap_or(default)))
}
