//! A search for the largest load that a server bears: what it was asked, and which of its trials a run is.

use serde::{Deserialize, Serialize};

use crate::named::names;

/// What a search was asked. It tries loads in server processes that stay up, and each trial is a [`super::Run`] with a [`Trial`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Along what.
    pub axis: SearchAxis,
    /// What is to hold at a load, as it was written: `last.p99<=50ms`.
    pub goals: Vec<String>,
    /// The smallest load that is tried; loads lie on a grid from here.
    pub from: f64,
    /// The largest.
    pub to: f64,
    /// How much larger each load of the grid is than the one before it, as a share: 0.05 is 5 %.
    pub step: f64,
    /// In how many server processes it is searched for each contender.
    pub processes: u32,
    /// Seconds that updates of a trial are due, at least.
    pub trial_s: f64,
    /// Updates of a trial, at least.
    pub trial_updates: u32,
}

/// What grows from load to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchAxis {
    /// Updates a second.
    Rate,
    /// Clients.
    Clients,
    /// Bytes of an encoded update.
    Payload,
}

names!(SearchAxis, "axis": Rate "rate", Clients "clients", Payload "payload");

/// Which trial of a search a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// In which server process of its contender, from 0.
    pub process: u32,
    /// Which there at its load, from 0. The first is not judged: it warms up.
    pub number: u32,
}
