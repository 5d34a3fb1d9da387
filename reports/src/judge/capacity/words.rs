//! A search in words: what each carries, and one over another.

use protocol::results::Run;

use super::{
    carries::{Carries, Limit, Over},
    found::Found,
    goal::Goal,
    searched::{Bearer, Group, Searched},
    trial::Judged,
};
use crate::{
    metrics::Quantile,
    points::Axis,
    words::{self, listed, number, setting, significant, times},
};

/// Significant digits of a limit.
const DIGITS: i32 = 3;

impl Goal {
    /// `99% of updates`
    fn whose(&self) -> String {
        let share = 100.0 * self.quantile().value();
        match self.quantile() {
            Quantile::P50 => "half of all updates".to_owned(),
            _ => format!("{}% of updates", setting((10.0 * share).round() / 10.0)),
        }
    }

    /// `50 ms`
    pub(crate) fn limit(&self) -> String {
        let limit = significant(self.limit_ms(), DIGITS);
        let limit = if limit.contains('.') { limit.trim_end_matches('0').trim_end_matches('.') } else { &limit };
        format!("{limit} ms")
    }
}

impl Searched<'_> {
    /// What was found: one sentence or a few, of each server.
    pub(crate) fn sentence(&self) -> String {
        if self.bearers.is_empty() {
            return "No trial was made.".to_owned();
        }
        let said = self.groups().iter().map(|group| self.of_group(group)).collect::<Vec<_>>();
        let unfinished = if self.is_finished() { "" } else { " The search is unfinished." };
        said.join(" ") + unfinished
    }

    fn of_group(&self, group: &Group<'_, '_>) -> String {
        let first = self.goals()[0].quantile();
        let lead = if group.name.is_empty() { "If".to_owned() } else { format!("{}: if", group.name) };
        let said = self.goals().iter().enumerate().map(|(place, goal)| {
            let whom = match place {
                0 => format!("{lead} the last client is to have {} within {},", goal.whose(), goal.limit()),
                _ if goal.quantile() == first => format!("Within {}", goal.limit()),
                _ => format!("Within {} for {}", goal.limit(), goal.whose()),
            };
            format!("{whom} {}.", self.of_goal(group, place))
        });
        said.collect::<Vec<_>>().join(" ")
    }

    /// The unit is said once, and so is the verb.
    fn of_goal(&self, group: &Group<'_, '_>, goal: usize) -> String {
        let each = group.bearers.iter().enumerate().map(|(place, bearer)| {
            let is_first = goal + place == 0;
            format!("{} {}", bearer.title(), bearer.carries(goal).in_sentence(self.unit(), is_first))
        });
        let each: Vec<String> = each.collect();
        let [first, others @ ..] = &group.bearers[..] else { return String::new() };
        let over = others.iter().map(|other| {
            let over = first.over(other, goal).said();
            if others.len() > 1 { format!("over {} {over}", other.title()) } else { over }
        });
        let over: Vec<String> = over.collect();
        let over = if over.is_empty() { String::new() } else { format!(": {}", over.join("; ")) };
        listed(&each, "and") + &over
    }
}

impl Carries {
    /// `263 updates/s (254–276)`
    pub(crate) fn said(&self, unit: &str) -> String {
        let with = |value: f64| format!("{} {unit}", number(value)).trim_end().to_owned();
        match self {
            Self::Is { value, low, high } => format!("{} ({}–{})", with(*value), number(*low), number(*high)),
            Self::AtLeast(least, Limit::Generator) => format!("≥ {}, bound by the generator", with(*least)),
            Self::AtLeast(least, Limit::Asked) => format!("≥ {}, the largest load asked for", with(*least)),
            Self::Under(first) => {
                format!("< {}: fails at the smallest load", format!("{} {unit}", setting(*first)).trim_end())
            }
            Self::Unknown(why) => format!("unknown: {why}"),
        }
    }
}

impl Carries {
    fn in_sentence(&self, unit: &str, is_first: bool) -> String {
        let load = |value: f64| if is_first { format!("{} {unit}", number(value)) } else { number(value) };
        let verb = if is_first { "carries " } else { "" };
        match self {
            Self::Is { value, low, high } => format!("{verb}{} ({}–{})", load(*value), number(*low), number(*high)),
            Self::AtLeast(least, Limit::Generator) => {
                format!("{verb}at least {} (bound by the generator)", load(*least))
            }
            Self::AtLeast(least, Limit::Asked) => {
                format!("{verb}at least {} (the largest load asked for)", load(*least))
            }
            Self::Under(first) => format!("fails at the smallest load, {} {unit}", setting(*first)),
            Self::Unknown(why) => format!("has no figure ({why})"),
        }
    }
}

impl Over {
    /// `1.55× (1.45–1.66)`
    pub(crate) fn said(self) -> String {
        match self {
            Self::Is { low, high, .. } if low <= 1.0 && high >= 1.0 => {
                format!("no difference shown, {}", self.briefly())
            }
            _ => self.briefly(),
        }
    }

    fn briefly(self) -> String {
        match self {
            Self::Is { value, low, high } => format!("{} ({}–{})", times(value), number(low), number(high)),
            Self::AtLeast(least) => format!("≥ {}", times(least)),
            Self::AtMost(most) => format!("≤ {}", times(most)),
            Self::Unknown => "no ratio, since both are open".to_owned(),
        }
    }
}

impl Found {
    /// Last success and first failure: `238.4 / 250.3`
    fn said(self) -> String {
        let or_none = |load: Option<f64>| load.map_or_else(|| "none".to_owned(), setting);
        match self {
            Self::Between { last, first } => format!("{} / {}", setting(last), setting(first)),
            Self::Fails { first } => format!("none / {}", setting(first)),
            Self::Bound { last, at } => format!("{} / bound at {}", or_none(last), setting(at)),
            Self::Holds { last } => format!("{} / none", setting(last)),
            Self::Unfinished { last: None, first: None } => "unfinished".to_owned(),
            Self::Unfinished { last, first } => format!("{} / {}, unfinished", or_none(last), or_none(first)),
        }
    }
}

/// A line of the table of what was found.
pub(crate) struct Row {
    pub(crate) goal: String,
    pub(crate) server: String,
    pub(crate) who: String,
    /// What each process found; empty of a ratio.
    pub(crate) processes: Vec<String>,
    pub(crate) carries: String,
    /// At what it carries.
    pub(crate) deliveries_per_s: String,
    pub(crate) is_ratio: bool,
}

impl Searched<'_> {
    /// The table: goal by goal, server by server, who carries what, and over another.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let (axis, groups) = (self.axis(), self.groups());
        let mut rows = Vec::new();
        for (goal, asked) in self.goals().iter().enumerate() {
            for group in &groups {
                rows.extend(group.bearers.iter().map(|bearer| row(goal, asked, group, bearer, axis)));
                let [first, others @ ..] = &group.bearers[..] else { continue };
                rows.extend(others.iter().map(|other| Row {
                    goal: asked.to_string(),
                    server: group.name.clone(),
                    who: format!("{} : {}", first.title(), other.title()),
                    processes: vec![String::new(); self.search.processes as usize],
                    carries: first.over(other, goal).said(),
                    deliveries_per_s: String::new(),
                    is_ratio: true,
                }));
            }
        }
        rows
    }

    /// The heads of the table's columns, but for the server's.
    pub(crate) fn heads(&self) -> Vec<String> {
        let process = |process| format!("process {}", process + 1);
        let carries = format!("carries, {}", self.unit());
        let mut heads = vec!["goal".to_owned(), "who".to_owned(), carries, "deliveries/s".to_owned()];
        heads.extend((0..self.search.processes).map(process));
        heads
    }

    /// How many trials say nothing, and why most of them do not.
    pub(crate) fn void(&self) -> Option<String> {
        let judged =
            self.bearers.iter().flat_map(|bearer| &bearer.trials).filter_map(|made| made.judged.as_ref()?.first());
        let why = |judged: &Judged| if let Judged::Void(why) = judged { Some(*why) } else { None };
        let void: Vec<&str> = judged.filter_map(why).collect();
        let most = void.iter().max_by_key(|why| void.iter().filter(|other| other == why).count())?;
        let plural = if void.len() == 1 { " is" } else { "s are" };
        Some(format!("{} trial{plural} void, and count neither way: {most}.", words::count(void.len() as u64)))
    }

    /// What a trial says of each goal, in words; that it is not judged, if it is the first at its load.
    pub(crate) fn said_of(&self, run: &Run) -> Vec<String> {
        let made = self.bearers.iter().flat_map(|bearer| &bearer.trials).find(|made| std::ptr::eq(made.run, run));
        match made.and_then(|made| made.judged.as_ref()) {
            Some(judged) => judged.iter().map(ToString::to_string).collect(),
            None => vec!["not judged".to_owned(); self.goals().len()],
        }
    }
}

fn row(goal: usize, asked: &Goal, group: &Group<'_, '_>, bearer: &Bearer<'_>, axis: Axis) -> Row {
    let carries = bearer.carries(goal);
    let deliveries = |load: f64| bearer.deliveries_per_s(axis, load).map(|per_s| words::count(per_s.round() as u64));
    let deliveries_per_s = match carries {
        Carries::Is { value, .. } => deliveries(value),
        Carries::AtLeast(least, _) => deliveries(least).map(|least| format!("≥ {least}")),
        Carries::Under(most) => deliveries(most).map(|most| format!("< {most}")),
        Carries::Unknown(_) => None,
    };
    Row {
        goal: asked.to_string(),
        server: group.name.clone(),
        who: bearer.title().to_owned(),
        processes: bearer.found[goal].iter().map(|found| found.said()).collect(),
        carries: carries.said(""),
        deliveries_per_s: deliveries_per_s.unwrap_or_else(|| "–".to_owned()),
        is_ratio: false,
    }
}

/// How a load is judged, and what the table shows.
pub(crate) const LEGEND: &str = "Of each server process: the largest load at which the goal held, and the smallest at which it failed. A load \
    fails if more than half of its trials are bad: too many updates late, anything missing, the publisher late, or a backlog that \
    grew. What one carries is the geometric mean of the processes’ largest loads; in parentheses its 95% interval, never narrower \
    than between success and failure.";
