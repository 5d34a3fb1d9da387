//! Who used how much of the processors in one run.

use protocol::results::Run;

const NS_PER_S: f64 = 1e9;

/// The share of one core that the busiest worker of the generator used.
pub(crate) fn busiest_worker(run: &Run) -> f64 {
    most_of_phase(run, &run.generator.workers_cpu_ns)
}

/// The share of the measure phase in which the thread that waited longest for a processor did so: a worker, or the one that reads all
/// counters at its edges, and was late by that; 0 in older results.
pub(crate) fn longest_wait(run: &Run) -> f64 {
    let at_edges = most_of_phase(run, &[run.generator.edge_late_ns]);
    most_of_phase(run, &run.generator.workers_waited_ns).max(at_edges)
}

fn most_of_phase(run: &Run, workers_ns: &[u64]) -> f64 {
    let most_ns = workers_ns.iter().copied().max().unwrap_or(0);
    if run.phases.measure_s > 0.0 { most_ns as f64 / (run.phases.measure_s * NS_PER_S) } else { 0.0 }
}

/// The share of the time in which updates were under way, from their due time to their last receipt, that the busiest
/// worker used. What it does between fan-outs is counted too, so that it used no more than this; none if no update
/// reached every client.
pub(crate) fn busy_in_fan_outs(run: &Run) -> Option<f64> {
    let last = &run.fan_out.last;
    let measured_s = run.phases.measure_s;
    // Fan-outs that overlap fill the phase.
    let under_way_s = (last.mean() * last.len() as f64 / NS_PER_S).min(measured_s);
    (under_way_s > 0.0).then(|| (busiest_worker(run) * measured_s / under_way_s).min(1.0))
}

/// The share of our processors, in the measure phase, that the hypervisor gave to somebody else.
pub(crate) fn stolen_share(run: &Run) -> f64 {
    let all_ns = f64::from(run.machine.processors) * run.phases.measure_s * NS_PER_S;
    if all_ns > 0.0 { run.machine.stolen_ns as f64 / all_ns } else { 0.0 }
}

/// The share of our processors, in the measure phase, that neither server nor generator used and that was not idle; `None` if the
/// server could not be observed.
pub fn other_work(run: &Run) -> Option<f64> {
    let (server, machine) = (run.server.as_ref()?, run.machine);
    let ours_ns = server.cpu.total_ns + run.generator.cpu.total_ns + run.generator.awake_ns;
    let others_ns = (machine.busy_ns + machine.stolen_ns).saturating_sub(ours_ns);
    let all_ns = f64::from(machine.processors) * run.phases.measure_s * NS_PER_S;
    (all_ns > 0.0).then(|| others_ns as f64 / all_ns)
}
