//! `loadgen link`: any command behind a link, and whether there may be one.

use std::{
    ffi::OsString,
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command, ExitCode, ExitStatus},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use nix::sys::{
    signal::{SigSet, Signal, kill},
    signalfd::{SfdFlags, SignalFd},
};
use protocol::{
    clock::{NS_PER_SEC, now_ns},
    results::{LinkUsage, Path},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::status::{USAGE, done, fail};
use crate::{
    link::{Conditions, How, Link, Refused, enter_namespace},
    machine::program::OWN,
    output::{print, say},
    scenario::{Jitter, Loss, Rtt},
};

/// By the shell's convention, the status of a command that a signal ended is that much more than its number.
const STATUS_SIGNALLED: i32 = 128;

const EXAMPLES: &str = "\
The command runs in a network namespace of its own, with all that it starts: what is outside is not reached from there, nor the other way
round. A server that listens on 0.0.0.0:PORT is reached through the link at 10.99.0.2:PORT, and past it at 127.0.0.1:PORT. As root, or
where the kernel lets anybody have a user namespace; `loadgen doctor` says whether.

With --rtt FROM..TO each source address has a round trip of its own. Clients that choose none all come from 10.99.0.1, and have the same;
they may bind any from 10.98.0.1 to 10.98.255.254.

Examples:
  loadgen link --rtt 40ms -- bash -c 'python3 -m http.server & sleep 1; time curl -s 10.99.0.2:8000; kill $!'
  loadgen link --rtt 80ms --jitter 20ms --loss 1% -- ./my-test
  loadgen link --rtt 20ms..200ms --outage 2s@10s -- ./server-and-clients
  sudo loadgen link --rtt 40ms -- bash                 look around

Exit status: the command's, or 128 and its number if a signal ended it; 2 there can be no link, or what was asked cannot be done.";

/// Options of `link`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LinkArgs {
    /// Round trip, as in 40ms; FROM..TO, as in 20ms..200ms, draws one for each source address; 0 takes packets through the link without delay
    #[arg(long, value_name = "TIME|FROM..TO", allow_hyphen_values = true)]
    rtt: Rtt,

    /// Draw each packet's way so much longer at most; none overtakes another of its connection
    #[arg(long, value_name = "TIME", default_value = "0", allow_hyphen_values = true)]
    jitter: Jitter,

    /// Lose so many packets, each for itself
    #[arg(long, value_name = "PERCENT", default_value = "0%", allow_hyphen_values = true)]
    loss: Loss,

    /// Drop every packet for so long, so long after the start, as in 2s@10s
    #[arg(long, value_name = "FOR@AFTER", allow_hyphen_values = true)]
    outage: Option<Outage>,

    /// Seed of everything that is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// What to run, with its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// When nothing passes.
#[derive(Debug, Clone, Copy)]
struct Outage {
    lasts: Duration,
    after: Duration,
}

impl FromStr for Outage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| humantime::parse_duration(text).ok().filter(|time| time.as_secs() < 86_400);
        let read = text.split_once('@').and_then(|(lasts, after)| Some((time(lasts)?, time(after)?)));
        let (lasts, after) = read.ok_or_else(|| {
            format!("`{text}` must be how long, and how long after the start, each less than a day, as in 2s@10s")
        })?;
        Ok(Self { lasts, after })
    }
}

/// An outage to come.
struct Planned<'a> {
    link: &'a Link,
    begun_ns: u64,
    outage: Option<Outage>,
}

impl Planned<'_> {
    /// Has it begin if it is time; how long that is still to wait for.
    fn left_ns(&mut self) -> Option<u64> {
        let Outage { lasts, after } = self.outage?;
        let left_ns = (self.begun_ns + after.as_nanos() as u64).saturating_sub(now_ns());
        if left_ns == 0 {
            self.link.outage(lasts);
            self.outage = None;
            return None;
        }
        Some(left_ns)
    }
}

/// Runs the command behind a link; its status is the command's.
pub fn run(args: &LinkArgs) -> ExitCode {
    behind(args).map_or_else(|error| fail(&error, USAGE), ExitCode::from)
}

fn behind(args: &LinkArgs) -> anyhow::Result<u8> {
    let LinkArgs { rtt: Rtt(rtt), jitter: Jitter(jitter_ms), loss: Loss(loss_percent), .. } = *args;
    let Some(rtt_ms) = rtt else { bail!("--rtt loopback: that is no link; run the command by itself") };
    let how = enter_namespace()?;
    // The link's thread must not be the one that is ended by them.
    let signals = Signals::block()?;
    let path = Path { rtt_ms, jitter_ms, loss_percent };
    let link = Link::start(&Conditions { path, seed: args.seed }, None)?;
    say(&format!(
        "A link of {path} ({how}): a server that listens on 0.0.0.0:PORT is reached at {}:PORT.",
        link.server()
    ));
    let mut planned = Planned { link: &link, begun_ns: now_ns(), outage: args.outage };
    planned.left_ns();
    let mut child =
        Command::new(OWN).arg("become").arg("--").args(&args.command).spawn().context("cannot start itself")?;
    let status = signals.wait(&mut child, planned)?;
    say(&told(&link.take()?));
    // By wait(2) it is one or the other, and either is small.
    Ok(status.code().or(status.signal().map(|signal| STATUS_SIGNALLED + signal)).unwrap_or(STATUS_SIGNALLED) as u8)
}

/// What a link did, in a line.
fn told(usage: &LinkUsage) -> String {
    let LinkUsage { packets, lost, cut, dropped, lateness, serialisation, cpu_ns, .. } = usage;
    let ms = |histogram: &hdrhistogram::Histogram<u64>, q| histogram.value_at_quantile(q) as f64 / 1e6;
    format!(
        "The link: {packets} packets, {lost} lost, {cut} cut by the outage, {dropped} dropped unplanned; itself late by {:.2} ms \
         (p50) and {:.2} ms (p99); behind other packets for {:.2} ms (p50) and {:.2} ms (p99); {:.1} µs of CPU a packet.",
        ms(lateness, 0.5),
        ms(lateness, 0.99),
        ms(serialisation, 0.5),
        ms(serialisation, 0.99),
        cpu_ns.checked_div(*packets).unwrap_or(0) as f64 / 1e3
    )
}

/// What is sent to this process while it waits, for the command to have.
struct Signals(SignalFd);

impl Signals {
    /// From now on, in this thread and all that is started later.
    fn block() -> anyhow::Result<Self> {
        let asking = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];
        let set: SigSet = asking.into_iter().chain([Signal::SIGCHLD]).collect();
        set.thread_block()?;
        Ok(Self(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// Waits for the command's end; hands on what asks for it, and has the outage begin in time.
    fn wait(&self, child: &mut Child, mut planned: Planned) -> anyhow::Result<ExitStatus> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            let timeout = planned.left_ns().map(|left_ns| Timespec {
                tv_sec: (left_ns / NS_PER_SEC) as i64,
                tv_nsec: (left_ns % NS_PER_SEC) as i64,
            });
            // Interrupted, it looks again.
            let _ = poll(&mut [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)], timeout.as_ref());
            while let Some(signal) = self.0.read_signal()? {
                // What the terminal sends, the command has had as well.
                if signal.ssi_code <= 0 {
                    let _ =
                        kill(nix::unistd::Pid::from_raw(child.id() as i32), Signal::try_from(signal.ssi_signo as i32)?);
                }
            }
        }
    }
}

/// Options of `become`.
#[derive(Debug, Args)]
pub struct BecomeArgs {
    /// What to become
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Becomes the command, with no signal blocked: what `link` starts would be born with those that it waits for.
pub fn become_it(args: &BecomeArgs) -> ExitCode {
    let [program, words @ ..] = &args.command[..] else { return ExitCode::from(USAGE) };
    let unblocked = SigSet::all().thread_unblock();
    let error = unblocked.map_or_else(Into::into, |()| Command::new(program).args(words).exec());
    let named =
        format!("`{}` cannot be started: give a program in PATH, or the path of one", program.to_string_lossy());
    fail(&anyhow::Error::new(error).context(named), USAGE)
}

/// Tries whether there may be a link, for the doctor: whoever does that is in another namespace from then on.
pub fn rights() -> ExitCode {
    done(serde_json::to_string(&enter_namespace()).map_err(Into::into).and_then(|told| print(&told)))
}

/// Whether there may be a link, and by which right: found in a process of its own.
pub(super) fn allowed() -> Result<How, Refused> {
    let asked = Command::new(OWN).arg("rights").output().map_err(anyhow::Error::from);
    let told = asked.and_then(|output| Ok(serde_json::from_slice(&output.stdout)?));
    told.unwrap_or_else(|error| {
        Err(Refused {
            why: format!("it could not be tried ({error:#})"),
            remedy: "see `loadgen link --rtt 0 -- true`".to_owned(),
        })
    })
}
