//! May this machine run this plan? What is too small for it, and what would disturb it.

mod finding;
mod limits;
mod machine;
mod memory;
mod processors;

pub use finding::{Finding, Level};
pub use limits::limits;
pub use machine::machine;

/// What a plan asks of the machine at its largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Clients connected at once, at most.
    pub clients: u32,
    /// How many of them share one source address.
    pub clients_per_source: u32,
    /// Generator threads.
    pub workers: u32,
    /// What the server asks, if we start it and it therefore runs here.
    pub server: Option<ServerNeed>,
}

/// What a server that is started here asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerNeed {
    /// Its threads.
    pub threads: u32,
    /// The backlog of its listener.
    pub backlog: u32,
}

/// Examines the machine: every check in the order in which it is shown, the good ones too.
///
/// Raises this process's soft limit on open files to the hard one, which processes started later inherit. Takes
/// a fifth of a second, in which this process should be idle. What the machine does not tell is said to be unknown,
/// and is no fault.
pub fn examine(need: &Need) -> Vec<Finding> {
    let mut findings = vec![limits::open_files(need), limits::ports(need)];
    findings.extend(need.server.as_ref().map(limits::backlog));
    findings.push(memory::available(need));
    findings.push(memory::tcp(need));
    findings.push(processors::cores(need));
    findings.push(processors::busy());
    findings.push(processors::clock());
    findings.push(processors::governor());
    findings
}

/// The worst level among the findings: `Fail` means that the plan must not be run.
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

/// A small file of `/proc` or `/sys`, trimmed.
fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The numbers in such a file.
fn numbers(path: &str) -> Option<Vec<u64>> {
    read(path)?.split_whitespace().map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_for_a_billion_clients_fails_and_every_check_has_its_say() {
        let server = Some(ServerNeed { threads: 1, backlog: 4_096 });
        let need = Need { clients: 1_000_000_000, clients_per_source: 20_000, workers: 1, server };
        let findings = examine(&need);
        assert_eq!(findings.len(), 9);
        assert_eq!(worst(&findings), Level::Fail);
        for finding in &findings {
            assert!(!finding.found.is_empty(), "{finding:?}");
        }
        assert_eq!(worst(&[]), Level::Ok);
    }

    #[test]
    fn a_file_that_is_not_there_is_unknown() {
        assert_eq!(numbers("/proc/sys/no/such/thing"), None);
        assert_eq!(numbers("/proc/version"), None, "words are no numbers");
    }
}
