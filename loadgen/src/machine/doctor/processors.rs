//! Processors and clocks: enough of them, free, and steady?

use std::{thread, time::Duration};

use protocol::{clock::now_ns, results::Pinning};

use super::{finding::Finding, machine, need::Need, read::read};
use crate::machine::usage::{Process, Processors, machine_between, machine_reading};

/// Above this share of our processors they are busy with something else.
const BUSY_SHARE_MAX: f64 = 0.25;
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/// Those that user space reads without a system call.
const CLOCKS_FAST: [&str; 4] = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"];
const TOPOLOGY: &str = "/sys/devices/system/cpu/cpu0/topology/core_cpus_list";
const GOVERNOR: &str = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";

pub(super) fn cores(need: &Need) -> Finding {
    judge_cores(machine::cores(), need.workers, need.server.as_ref().map_or(0, |server| server.threads))
}

/// How the processors are shared out between server and generator.
pub(super) fn pinning(pinned: &Pinning) -> Finding {
    const CHECK: &str = "pinning";
    let listed = |cpus: &[u32]| cpus.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let found = format!("server on {}, generator on {}", listed(&pinned.server), listed(&pinned.generator));
    let cache = match pinned.share_cache {
        Some(true) => "within one last-level cache",
        Some(false) => "in different last-level caches: none can hold both",
        None => "their caches unknown",
    };
    match pinned.share_core {
        Some(false) => Finding::ok(CHECK, format!("{found}: whole cores, {cache}")),
        Some(true) => Finding::warn(
            CHECK,
            format!("{found}: threads of one core, and each slows the other"),
            "Use a machine with two cores or more, or a server on another one (--server URL)",
        ),
        None => {
            Finding::ok(CHECK, format!("{found}; unknown whether these are of one core: {TOPOLOGY} cannot be read"))
        }
    }
}

/// What else runs here, over a fifth of a second: twenty of the kernel's ticks on every processor.
pub(super) fn busy() -> Finding {
    const CHECK: &str = "other work";
    const LOOK: Duration = Duration::from_millis(200);
    let ours = Processors::own();
    let (before, own_before, start_ns) = (machine_reading(&ours), own_cpu_ns(), now_ns());
    // Asleep, so that what is seen is not us.
    thread::sleep(LOOK);
    let (after, own_after, end_ns) = (machine_reading(&ours), own_cpu_ns(), now_ns());
    let (Ok(before), Ok(after)) = (before, after) else {
        return Finding::unknown(CHECK, "/proc/stat");
    };
    let all = machine_between(before, after);
    let others_ns = (all.busy_ns + all.stolen_ns).saturating_sub(own_after.saturating_sub(own_before));
    let share = others_ns as f64 / ((end_ns - start_ns) as f64 * f64::from(all.processors));
    // Ticks are coarser than the look, so a full machine may seem fuller than full.
    let share = share.min(1.0);
    // The load average is shown and not judged: it remembers for minutes the compiler that built us.
    judge_busy(share, machine::load_average())
}

pub(super) fn clock() -> Finding {
    read(CLOCK_SOURCE).map_or_else(|| Finding::unknown("clock", CLOCK_SOURCE), |source| judge_clock(&source))
}

pub(super) fn governor() -> Finding {
    read(GOVERNOR).map_or_else(
        || Finding::ok("CPU frequency", "unknown: not under this system's control, as in most virtual machines"),
        |governor| judge_governor(&governor),
    )
}

/// To whom the time of interrupts is accounted, among it the reception of what comes by loopback.
pub(super) fn interrupts() -> Finding {
    const CHECK: &str = "interrupt time";
    match machine::irq_time_apart() {
        None => Finding::unknown(CHECK, "/proc/config.gz"),
        Some(true) => Finding::ok(CHECK, "accounted apart: server CPU lacks what clients receive by loopback"),
        Some(false) => Finding::ok(CHECK, "not accounted apart: what is interrupted pays for it"),
    }
}

fn judge_cores(cores: u32, workers: u32, server_threads: u32) -> Finding {
    const CHECK: &str = "processors";
    let found = format!("{cores} for {workers} generator and {server_threads} server threads");
    match cores {
        0 => Finding::unknown(CHECK, "sched_getaffinity(2)"),
        1 if server_threads > 0 => Finding::warn(
            CHECK,
            format!("{found}: server and generator share one, and each is timed waiting for the other"),
            "Use a machine with two or more, or a server on another one (--server URL)",
        ),
        _ if workers + server_threads > cores => Finding::warn(
            CHECK,
            format!("{found}: threads will wait for each other"),
            "Use fewer threads, or a machine with more processors",
        ),
        _ => Finding::ok(CHECK, found),
    }
}

fn judge_busy(share: f64, load: Option<f64>) -> Finding {
    const CHECK: &str = "other work";
    let load = load.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.2}"));
    let found = format!("{:.0} % of our processors are busy with it (load average {load})", share * 100.0);
    if share <= BUSY_SHARE_MAX {
        return Finding::ok(CHECK, found);
    }
    Finding::warn(CHECK, found, "Stop what else runs here (`top` names it), or wait until it is done")
}

fn judge_clock(source: &str) -> Finding {
    const CHECK: &str = "clock";
    if CLOCKS_FAST.contains(&source) {
        return Finding::ok(CHECK, source);
    }
    Finding::warn(
        CHECK,
        format!("{source}: every timestamp costs a system call"),
        format!("Choose one of {} if this machine has it: {CLOCK_SOURCE}", CLOCKS_FAST.join(", ")),
    )
}

fn judge_governor(governor: &str) -> Finding {
    const CHECK: &str = "CPU frequency";
    if governor == "performance" {
        return Finding::ok(CHECK, governor);
    }
    Finding::warn(
        CHECK,
        format!("governor `{governor}`: speed depends on load, and so do the figures"),
        "cpupower frequency-set -g performance",
    )
}

fn own_cpu_ns() -> u64 {
    Process::own().and_then(|own| own.cpu()).map_or(0, |cpu| cpu.total_ns())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::doctor::Level;

    #[test]
    fn each_verdict_has_both_sides() {
        let levels = |good: Finding, bad: Finding| (good.level, bad.level);
        let expected = (Level::Ok, Level::Warn);
        assert_eq!(levels(judge_cores(2, 1, 1), judge_cores(1, 1, 1)), expected);
        assert_eq!(levels(judge_cores(1, 1, 0), judge_cores(2, 2, 1)), expected);
        assert_eq!(levels(judge_busy(0.1, None), judge_busy(0.3, Some(2.0))), expected);
        assert_eq!(levels(judge_clock("tsc"), judge_clock("hpet")), expected);
        assert_eq!(levels(judge_governor("performance"), judge_governor("powersave")), expected);
    }

    #[test]
    fn halves_that_share_a_core_are_warned_of() {
        let pinned = |share_core, share_cache| {
            pinning(&Pinning { server: vec![0, 4], generator: vec![1, 5], share_core, share_cache })
        };
        let shared = pinned(Some(true), Some(true));
        assert_eq!(shared.level, Level::Warn);
        assert!(shared.found.starts_with("server on 0, 4, generator on 1, 5: threads of one core"), "{shared}");
        for (share_core, share_cache, said) in [
            (Some(false), Some(true), "whole cores, within one last-level cache"),
            (Some(false), Some(false), "whole cores, in different last-level caches"),
            (Some(false), None, "whole cores, their caches unknown"),
            (None, None, "unknown whether"),
        ] {
            let finding = pinned(share_core, share_cache);
            assert!(finding.level == Level::Ok && finding.found.contains(said), "{finding}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_fault() {
        let finding = judge_cores(0, 1, 1);
        assert_eq!((finding.level, finding.found.starts_with("unknown")), (Level::Ok, true));
    }
}
