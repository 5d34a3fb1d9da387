//! Progress: what is running, how long it will take, and a line for every finished run.

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    time::Duration,
};

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use protocol::{
    clock,
    results::{Run, Scenario},
};
use reports::compare::{Metric, Quantile};

use super::say;
use crate::scenario::plan::{Planned, estimate_s};

/// Shows progress on stderr: a live line on a terminal, plain lines elsewhere. Honours `NO_COLOR`.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    live: bool,
    scenario: Scenario,
    /// Estimated seconds of each run that is planned so far.
    estimates_s: RefCell<Vec<f64>>,
    begun_ns: u64,
    run_begun_ns: Cell<u64>,
}

impl Progress {
    /// Nothing is planned yet.
    pub fn new(scenario: &Scenario) -> Self {
        let live = console::Term::stderr().is_term();
        let bar = if live { ProgressBar::new(0) } else { ProgressBar::hidden() };
        bar.set_style(
            ProgressStyle::with_template("{bar:28.cyan} {pos}/{len} runs  {msg}")
                .expect("a valid template")
                .progress_chars("━━─"),
        );
        let now_ns = clock::now_ns();
        let (scenario, estimates_s) = (scenario.clone(), RefCell::default());
        Self { bar, live, scenario, estimates_s, begun_ns: now_ns, run_begun_ns: Cell::new(now_ns) }
    }

    /// These runs come next.
    pub fn plan(&self, plan: &[Planned]) {
        let mut estimates_s = self.estimates_s.borrow_mut();
        estimates_s.extend(plan.iter().map(|run| estimate_s(&run.point.load, &self.scenario)));
        self.bar.set_length(estimates_s.len() as u64);
    }

    /// How long the whole plan is expected to take.
    pub fn estimate(&self) -> Duration {
        Duration::from_secs_f64(self.estimates_s.borrow().iter().sum())
    }

    /// A run begins.
    pub fn begin(&self, run: &Planned) {
        self.run_begun_ns.set(clock::now_ns());
        self.phase(run, &"starting", "");
    }

    /// A run is in a phase; called often, so that the remaining time moves.
    pub fn phase(&self, run: &Planned, phase: &dyn Display, detail: &str) {
        if self.live {
            let left = humantime::format_duration(Duration::from_secs(self.remaining_s(run.index as usize) as u64));
            let point = &run.point;
            self.bar.set_message(format!("{left} left  {} · {}: {phase}{detail}", point.transport, point.load));
        }
    }

    /// A run has ended.
    pub fn finished(&self, run: &Run) {
        self.bar.inc(1);
        let number = format!("{:>3}/{}", run.index + 1, self.estimates_s.borrow().len());
        let name = format!("{:9}  {}", run.point.transport, run.point.load);
        self.line(&match &run.failure {
            Some(failure) => {
                let failed = style("FAILED").for_stderr().red().bold();
                format!("{number}  {name}  {failed} in {}: {}", failure.phase, failure.reason)
            }
            None => format!("{number}  {name}  {}", figures(run)),
        });
    }

    /// A trial has ended, of which there is this to say.
    pub fn tried(&self, text: &str) {
        self.bar.inc(1);
        let since =
            humantime::format_duration(Duration::from_secs((clock::now_ns() - self.begun_ns) / clock::NS_PER_SEC));
        self.line(&format!("{text}  ({since})"));
    }

    /// A line that stays.
    pub fn line(&self, text: &str) {
        if self.live { self.bar.println(text) } else { say(text) }
    }

    /// Nothing more will be shown.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// What is left of the plan: the estimates of what is to come, stretched as the past has been.
    fn remaining_s(&self, index: usize) -> f64 {
        let now_ns = clock::now_ns();
        let past_s = (self.run_begun_ns.get() - self.begun_ns) as f64 / 1e9;
        let estimates_s = self.estimates_s.borrow();
        let (before, rest) = estimates_s.split_at(index);
        let estimated_s: f64 = before.iter().sum();
        let stretch = if estimated_s > 0.0 { past_s / estimated_s } else { 1.0 };
        let in_run_s = (now_ns - self.run_begun_ns.get()) as f64 / 1e9;
        (rest.iter().sum::<f64>() * stretch - in_run_s).max(0.0)
    }
}

fn figures(run: &Run) -> String {
    let counts = &run.counts;
    let mut text = format!("{} delivered", counts.delivered);
    // What the run states by itself: of few updates a p99 is not stated.
    for quantile in [Quantile::P99, Quantile::P90, Quantile::P50] {
        if let Some(ms) = Metric::LatencyMs(quantile).of_run(run) {
            text = format!("{} {ms:.2} ms, {text}", quantile.name());
        }
    }
    if run.stream.updates == 0 {
        text = style("no update was due").for_stderr().yellow().to_string();
    }
    for (count, name) in [(counts.missed, "MISSED"), (counts.duplicated, "duplicated"), (counts.reordered, "reordered")]
    {
        if count > 0 {
            text += ", ";
            text += &style(format!("{count} {name}")).for_stderr().yellow().to_string();
        }
    }
    text
}
