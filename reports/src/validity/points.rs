//! The points of a sweep that have anything to be judged by.

use protocol::results::Run;

use crate::{
    points::{Contender, PointName, group},
    read::Results,
};

/// Each with its finished runs; those that have none are left out.
pub(super) fn points(results: &Results) -> Vec<(PointName, Vec<&Run>)> {
    let groups = group(results);
    groups
        .into_iter()
        .flat_map(|(load, by_contender)| {
            let point = move |contender: Contender| PointName::of(contender, &load, &results.manifest);
            by_contender.into_iter().map(move |(contender, runs)| (point(contender), runs))
        })
        .map(|(point, runs)| (point, runs.into_iter().filter(|run| run.failure.is_none()).collect::<Vec<_>>()))
        .filter(|(_, runs)| !runs.is_empty())
        .collect()
}
