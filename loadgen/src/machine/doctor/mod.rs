//! May this machine run this plan? What is too small for it, and what would disturb it.

mod container;
mod descriptors;
mod finding;
mod limits;
mod link;
mod machine;
mod memory;
mod need;
mod processors;
mod read;

pub use descriptors::Descriptors;
pub use finding::{Finding, Level};
pub use limits::limits;
pub use link::link;
pub use machine::machine;
pub use need::{Need, ServerNeed};

/// Examines the machine: every check in the order in which it is shown, the good ones too.
///
/// Raises this process's soft limit on open files to the hard one, which processes started later inherit. Takes
/// a fifth of a second, in which this process should be idle. What the machine does not tell is said to be unknown,
/// and is no fault.
pub fn examine(need: &Need) -> Vec<Finding> {
    let mut findings = vec![limits::open_files(need), limits::ports(need)];
    findings.extend(need.running.map(|pid| descriptors::of_server(pid, need.clients)));
    findings.extend(need.server.as_ref().map(limits::backlog));
    findings.push(memory::available(need));
    findings.push(memory::tcp(need));
    findings.push(processors::cores(need));
    findings.extend(need.pinned.as_ref().map(processors::pinning));
    findings.push(container::quota(need));
    findings.push(processors::busy());
    findings.push(processors::clock());
    findings.push(processors::governor());
    findings.push(processors::interrupts());
    findings
}

/// The worst level among the findings: `Fail` means that the plan must not be run.
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

#[cfg(test)]
mod tests {
    use protocol::results::Pinning;

    use super::*;

    #[test]
    fn a_plan_for_a_billion_clients_fails_and_every_check_has_its_say() {
        let server = Some(ServerNeed { threads: 1, backlog: 4_096 });
        let pinned = Some(Pinning { server: vec![0], generator: vec![1], ..Pinning::default() });
        let need = Need { clients: 1_000_000_000, per_source: Some(20_000), workers: 1, running: None, pinned, server };
        let findings = examine(&need);
        assert_eq!(findings.len(), 12);
        assert_eq!(worst(&findings), Level::Fail);
        for finding in &findings {
            assert!(!finding.found.is_empty(), "{finding:?}");
        }
        assert_eq!(worst(&[]), Level::Ok);
    }
}
