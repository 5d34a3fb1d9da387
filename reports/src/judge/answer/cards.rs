//! The answer as cards: latency and what it costs, a row each for every load that is spoken of.

use super::rows::{Chosen, Row};
use crate::{
    compare::{PointStatus, Ratio, Side},
    judge::places,
    metrics::Metric,
    points::Contender,
    table::Cell,
};

/// One quantity of the first screen.
pub(crate) struct Card {
    /// Names it within the page.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) metric: Metric,
    pub(crate) entries: Vec<Entry>,
}

/// One row of it.
pub(crate) struct Entry {
    /// What tells the row from the others, and its load where that is not the same in all; empty where nothing does.
    pub(crate) name: String,
    pub(crate) load: String,
    /// Each side that was measured, by name, and its value in words.
    pub(crate) values: Vec<(String, String)>,
    pub(crate) state: State,
}

/// What can be said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum State {
    /// This ratio, which claims a difference or does not.
    Compared(Ratio),
    /// A point of it is void, for this reason.
    Void(&'static str),
    /// No run of a point of it was finished.
    Unfinished,
    /// There is no ratio: a value is not stated, was not measured, or is nought.
    NotStated,
}

/// The cards, in the order in which they are read.
pub(crate) fn cards(chosen: &Chosen<'_>) -> Vec<Card> {
    let card = |(id, title, metric)| Card {
        id,
        title,
        metric,
        entries: chosen.rows.iter().map(|row| entry(row, metric, chosen)).collect(),
    };
    let all = [
        ("card-latency", "Latency", chosen.latency),
        ("card-cpu", "Server CPU", Metric::CpuUsPerDelivery),
        ("card-memory", "Server memory", Metric::UserKibPerClient),
        ("card-bytes", "Bytes", Metric::BytesPerDelivery),
    ];
    if chosen.rows.is_empty() { Vec::new() } else { all.map(card).into() }
}

fn entry(row: &Row<'_>, metric: Metric, chosen: &Chosen<'_>) -> Entry {
    let all = &chosen.cases();
    let (mut name, load) = (places::name(row.case, all), places::load(row.case, all));
    // Where several are compared, with the same, each row is named after its own.
    let named = row.whose().filter(|_| chosen.whose().len() > 1).map(Contender::title);
    if let Some(who) = &named {
        name = [name, who.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    }
    let value = |side: &Side<'_>| {
        let Cell { text, under, .. } = Cell::of_side(side, metric);
        let is_number = text.starts_with(|first: char| first.is_ascii_digit());
        let unit = if is_number { metric.unit() } else { "" };
        // `max of 60`
        let under = if under.starts_with("max") { format!(", {under}") } else { String::new() };
        format!("{text} {unit}").trim_end().to_owned() + &under
    };
    let Some(pair) = &row.pair else {
        let values = row.case.sides.values().rev().map(|side| (side.contender().title(), value(side))).collect();
        let state = row.case.sides.values().find_map(|side| match side.status() {
            PointStatus::Valid => None,
            PointStatus::Void(why) => Some(State::Void(why)),
            PointStatus::Unfinished => Some(State::Unfinished),
        });
        return Entry { name, load, values, state: state.unwrap_or(State::NotStated) };
    };
    let values = if pair.ours.contender() == pair.theirs.contender() {
        vec![(row.case.server_name().to_owned(), value(pair.ours)), (pair.whose.clone(), value(pair.theirs))]
    } else {
        let ours = named.map_or_else(|| pair.ours.contender().title(), |_| "who is named".to_owned());
        vec![(ours, value(pair.ours)), (pair.whose.clone(), value(pair.theirs))]
    };
    let state = pair.ratio(metric).map_or(State::NotStated, State::Compared);
    Entry { name, load, values, state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{Comparison, Verdict},
        fixture::{Sweep, fail},
        judge::answer::chosen,
        read::Results,
    };

    /// The state of each card's only row.
    fn states(results: &Results) -> Vec<State> {
        let comparison = Comparison::of(results);
        cards(&chosen(&comparison)).into_iter().flat_map(|card| card.entries).map(|entry| entry.state).collect()
    }

    fn loud() -> Results {
        Sweep { clients: vec![4_000], ..Sweep::quick() }.results()
    }

    #[test]
    fn more_is_a_ratio_with_both_values() {
        let results = loud();
        let comparison = Comparison::of(&results);
        let cards = cards(&chosen(&comparison));
        assert_eq!(
            cards.iter().map(|card| card.title).collect::<Vec<_>>(),
            ["Latency", "Server CPU", "Server memory", "Bytes"]
        );
        let Entry { name, load, values, state } = &cards[1].entries[0];
        assert!(matches!(state, State::Compared(ratio) if ratio.verdict() == Verdict::More));
        assert!(name.is_empty() && load.is_empty(), "there is one row");
        assert!(
            values[0].0 == "long polling" && values[0].1.ends_with(" µs") && values[1].0 == "WebSocket",
            "{values:?}"
        );
    }

    #[test]
    fn of_several_each_row_is_named_after_its_own() {
        let results = Sweep { engines: vec![None], ..Sweep::transports() }.results();
        let comparison = Comparison::of(&results);
        let entries = cards(&chosen(&comparison)).swap_remove(0).entries;
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["long polling", "server-sent events", "short polling"]);
        assert!(entries.iter().all(|entry| entry.values[0].0 == "who is named" && entry.values[1].0 == "WebSocket"));
        let results = Sweep::transports().results();
        let comparison = Comparison::of(&results);
        let entries = cards(&chosen(&comparison)).swap_remove(0).entries;
        assert!(entries.iter().any(|entry| entry.name == "lean, server-sent events"), "{}", entries.len());
    }

    #[test]
    fn void_failed_and_not_stated_are_states_of_their_own() {
        let mut void = loud();
        void.runs[0].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert!(states(&void).iter().all(|state| matches!(state, State::Void("generator saturated"))));
        let mut failed = loud();
        failed
            .runs
            .iter_mut()
            .filter(|run| run.point.transport == protocol::Transport::LongPoll)
            .for_each(|run| fail(run, "connect", "refused"));
        assert!(states(&failed).iter().all(|state| *state == State::Unfinished), "{:?}", states(&failed));
        let mut unseen = loud();
        unseen.runs.iter_mut().for_each(|run| run.server = None);
        let states = states(&unseen);
        assert!(matches!(states[..], [State::Compared(_), State::NotStated, State::NotStated, State::Compared(_)]));
    }
}
