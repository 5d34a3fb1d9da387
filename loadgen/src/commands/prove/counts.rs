//! What must be counted, exactly, and what must be void.

use reports::Warning;

use super::{
    check::Check,
    evidence::{Evidence, seqs, tampered},
    planted::CLIENTS,
};

pub(super) fn clean(evidence: &Evidence) -> Vec<Check> {
    let mut checks = counted(evidence, 0, 0, 0);
    checks.push(voided(evidence, false));
    checks
}

pub(super) fn void(evidence: &Evidence) -> Vec<Check> {
    vec![voided(evidence, true)]
}

fn voided(evidence: &Evidence, expected: bool) -> Check {
    let voids = evidence.voids();
    let said = voids.first().map_or("none", Warning::brief).to_owned();
    Check::is("reason to void it", if expected { "any" } else { "none" }, said, voids.is_empty() != expected)
}

pub(super) fn dropped(evidence: &Evidence) -> Vec<Check> {
    counted(evidence, tampered(), 0, 0)
}

pub(super) fn doubled(evidence: &Evidence) -> Vec<Check> {
    counted(evidence, 0, tampered(), 0)
}

pub(super) fn swapped(evidence: &Evidence) -> Vec<Check> {
    counted(evidence, 0, 0, tampered())
}

fn counted(evidence: &Evidence, missed: u64, duplicated: u64, reordered: u64) -> Vec<Check> {
    let counts = &evidence.run().counts;
    let expected = seqs().count() as u64 * u64::from(CLIENTS);
    vec![
        Check::count("missed", missed, counts.missed),
        Check::count("duplicated", duplicated, counts.duplicated),
        Check::count("reordered", reordered, counts.reordered),
        Check::count("delivered and missed", expected, counts.delivered + counts.missed),
    ]
}
