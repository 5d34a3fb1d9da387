//! Repeats of base, head and base again in turn, and what is shown meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use reports::{Limits, Results, Round, pool};
use tokio_util::sync::CancellationToken;

use super::{
    arm::{Found, Handed, Measured},
    schedule::Extent,
};
use crate::{output, scenario::REPEATS_MIN};

/// What is measured in a repeat, as its folders are called.
const ARMS: [&str; 3] = ["base", "head", "again"];

/// A gate that is ready to be measured.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) base: Found,
    pub(super) head: Found,
    pub(super) extent: Extent,
    pub(super) limits: Limits,
    pub(super) handed: Handed,
    pub(super) out: PathBuf,
}

/// A gate that is being measured.
pub(super) struct Measuring<'a> {
    gate: &'a Prepared,
    /// Of each of [`ARMS`], its repeats.
    measured: [Vec<Results>; ARMS.len()],
    /// How many were set aside.
    aside: u32,
    bar: ProgressBar,
    interrupt: &'a CancellationToken,
}

impl<'a> Measuring<'a> {
    pub(super) fn of(gate: &'a Prepared, interrupt: &'a CancellationToken) -> Self {
        Self { gate, measured: Default::default(), aside: 0, bar: bar(), interrupt }
    }

    /// Measures a repeat of each, from 1. False if it was interrupted.
    pub(super) async fn repeat(&mut self, repeat: u32) -> anyhow::Result<bool> {
        for place in 0..ARMS.len() {
            // Another begins each time: who comes first after a pause may have it easier.
            let which = (place + repeat as usize) % ARMS.len();
            let arm = if ARMS[which] == "head" { &self.gate.head } else { &self.gate.base };
            let Some(results) = self.measure((ARMS[which], arm), repeat).await? else { return Ok(false) };
            self.measured[which].push(results);
        }
        Ok(true)
    }

    /// What was measured so far.
    pub(super) fn so_far(&self) -> anyhow::Result<Round> {
        let pooled = |which: usize| pool(self.gate.out.join(ARMS[which]), self.measured[which].clone());
        Ok(Round { base: pooled(0)?, head: pooled(1)?, again: pooled(2)? })
    }

    async fn measure(&mut self, (name, arm): (&str, &Found), repeat: u32) -> anyhow::Result<Option<Results>> {
        let Prepared { out, handed, .. } = self.gate;
        let dir = out.join(name).join(format!("{repeat:03}"));
        let scenario = out.join("gate.toml");
        loop {
            self.bar.set_message(format!("repeat {repeat}: {name}"));
            let measured = arm.measure(&scenario, &dir, handed, self.interrupt);
            let measured = measured.await.with_context(|| format!("{name}, repeat {repeat}"))?;
            if measured == Measured::Interrupted {
                return Ok(None);
            }
            let results = reports::load(&dir).with_context(|| {
                format!("{name}'s results cannot be read here; gate builds whose results are of one version")
            })?;
            // What loses updates is not measured again until it does not.
            let lost = results.runs.iter().any(|run| run.counts.missed > 0);
            if measured == Measured::Valid || lost || self.aside >= self.spare(repeat) {
                return Ok(Some(results));
            }
            self.set_aside(&dir, name, repeat)?;
        }
    }

    /// One that is void for what the machine did meanwhile is set aside and measured again; not for ever.
    fn spare(&self, repeat: u32) -> u32 {
        let repeats = match self.gate.extent {
            Extent::Repeats(repeats) => repeats,
            Extent::Budget(_) => repeat.max(REPEATS_MIN),
        };
        repeats.div_ceil(2)
    }

    fn set_aside(&mut self, dir: &Path, name: &str, repeat: u32) -> anyhow::Result<()> {
        self.aside += 1;
        let aside = self.gate.out.join("set-aside");
        fs::create_dir_all(&aside)?;
        let aside = aside.join(format!("{name}-{repeat:03}-{}", self.aside));
        fs::rename(dir, &aside)?;
        let line = format!("repeat {repeat} of {name} is void, and is measured again (kept in {})", aside.display());
        self.say(&line);
        Ok(())
    }

    /// Shows how far it has come, of at most so many repeats.
    pub(super) fn show(&self, repeat: u32, at_most: Option<u32>) {
        self.bar.set_length(at_most.unwrap_or(repeat + 1).into());
        self.bar.set_position(repeat.into());
        if self.bar.is_hidden() && (repeat.is_multiple_of(5) || at_most == Some(repeat)) {
            let of = at_most.map(|repeats| format!(" of {repeats}")).unwrap_or_default();
            self.say(&format!("{repeat}{of} repeats measured"));
        }
    }

    /// Says something beside the bar.
    pub(super) fn say(&self, text: &str) {
        if self.bar.is_hidden() { output::say(text) } else { self.bar.println(text) }
    }

    /// Nothing more will be shown.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn bar() -> ProgressBar {
    // Hidden by itself where stderr is no terminal.
    ProgressBar::new(REPEATS_MIN.into()).with_style(
        ProgressStyle::with_template("{bar:28.cyan} {pos}/{len}, {eta} left  {msg}")
            .expect("a valid template")
            .progress_chars("━━─"),
    )
}
