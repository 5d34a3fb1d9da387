//! What a saying stands or falls by, applied to one load.

use std::fmt;

use protocol::Transport;

use crate::{
    compare::{Case, Ratio, Side, Verdict, with_interval},
    metrics::Metric,
    words::{self, number, possessive},
};

/// What a sweep says of a saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing that could be told from chance.
    Undecided,
    /// It holds, where it could be told.
    Supported,
    /// It does not hold, at one load at least: what is said is said without exceptions.
    Contradicted,
}

/// A rule about figures.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// Long polling has more of it than WebSocket.
    LongPollHasMore(Metric),
    /// A transport has no more of it than this, in every repeat.
    AtMost(Transport, Metric, f64),
    /// A transport has no less of it than this, in every repeat.
    AtLeast(Transport, Metric, f64),
    /// A transport has more of the first than of the second.
    MoreThan(Transport, Metric, Metric),
}

impl Rule {
    /// What a load says of it, and by which figures; none if that was not measured there.
    pub(super) fn applied(self, case: &Case<'_>) -> Option<(Finding, String)> {
        let (finding, figure) = match self {
            Self::LongPollHasMore(metric) => {
                let (contender, baseline) =
                    case.against_baseline().find(|(contender, _)| contender.transport == Transport::LongPoll)?;
                let ratio = case.ratio(contender, metric)?;
                let (name, theirs) = (metric.name(), baseline.title());
                (
                    of_ratio(ratio),
                    format!("{} {name} {} {theirs}’s", possessive(&contender.title()), with_interval(ratio)),
                )
            }
            Self::AtMost(transport, metric, limit) => bounded(case, transport, metric, |value| value <= limit)?,
            Self::AtLeast(transport, metric, limit) => bounded(case, transport, metric, |value| value >= limit)?,
            Self::MoreThan(transport, more, less) => {
                let side = side_of(case, transport)?;
                let pairs = side.pairs(more, less)?;
                let ratio = Ratio::paired(&pairs)?;
                let (title, more, less) = (transport.title(), more.name(), less.name());
                (of_ratio(ratio), format!("{} {more} {} its {less}", possessive(title), with_interval(ratio)))
            }
        };
        Some((finding, format!("{figure} at {}", words::load(&case.load))))
    }
}

fn side_of<'c, 'a>(case: &'c Case<'a>, transport: Transport) -> Option<&'c Side<'a>> {
    case.sides.values().find(|side| side.contender().transport == transport)
}

fn of_ratio(ratio: Ratio) -> Finding {
    match ratio.verdict() {
        Verdict::More => Finding::Supported,
        Verdict::Less => Finding::Contradicted,
        Verdict::NoDifferenceShown => Finding::Undecided,
    }
}

/// Whether every repeat keeps to it, or none does.
fn bounded(
    case: &Case<'_>,
    transport: Transport,
    metric: Metric,
    keeps: impl Fn(f64) -> bool,
) -> Option<(Finding, String)> {
    let side = side_of(case, transport)?;
    let measure = side.measure(metric)?;
    let finding = match (keeps(measure.min), keeps(measure.max)) {
        (true, true) => Finding::Supported,
        (false, false) => Finding::Contradicted,
        _ => Finding::Undecided,
    };
    let (title, name, unit) = (transport.title(), metric.name(), metric.unit());
    let values = if measure.min < measure.max {
        format!("{}–{}", number(measure.min), number(measure.max))
    } else {
        number(measure.value)
    };
    Some((finding, format!("{} {name} {values} {unit}", possessive(title)).trim_end().to_owned()))
}

impl Finding {
    /// Which of several stands for them: the one that weighs most. Who speaks of `all` is not right by some of it.
    pub(super) fn weight(self, all: bool) -> u8 {
        match self {
            Self::Undecided => u8::from(all),
            Self::Supported => u8::from(!all),
            Self::Contradicted => 2,
        }
    }

    /// As a class of the page has it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Contradicted => "contradicted",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supported => "supported",
            Self::Contradicted => "contradicted",
            Self::Undecided => "not decided here",
        })
    }
}
