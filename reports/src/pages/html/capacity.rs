//! The page of a search: what each carries, the table of what was found, and every trial as a mark.

use maud::{Markup, html};

use super::{
    figures::one,
    overview::warnings,
    page::{folded, scrolling, table},
};
use crate::{
    figures::of_search,
    judge::capacity::{LEGEND, Row, Searched},
    metrics::{Metric, Quantile},
    points::Contender,
    read::Results,
    validity::warnings as warnings_of,
    words::{self, count, number, setting},
};

const METRICS: [Metric; 4] = [
    Metric::LatencyMs(Quantile::P50),
    Metric::LastMs(Quantile::P99),
    Metric::CpuUsPerDelivery,
    Metric::UpdatesPerWrite,
];

/// All that is peculiar to a search.
pub(super) fn main(results: &Results, searched: &Searched<'_>) -> Markup {
    let contenders = contenders(searched);
    html! {
        header {
            h1 { "pushbench: " (results.manifest.scenario.name) }
            p class="headline" { (searched.sentence()) }
            ul class="chips" aria-label="Conditions" {
                @for (name, value) in conditions(results, searched) { li { span { (name) } " " (value) } }
            }
            p { (verdict(searched)) }
        }
        section aria-labelledby="capacity" {
            h2 id="capacity" { "Last success / first failure" }
            (found(searched))
            p class="note" { (LEGEND) }
            @if let Some(void) = searched.void() { p class="note" { (void) } }
        }
        @if !warnings_of(results).is_empty() { (warnings(results, "")) }
        section aria-labelledby="curve" {
            h2 id="curve" { "Every trial" }
            @for figure in of_search(searched) { (one(&figure, &contenders)) }
        }
        (trials(results, searched))
    }
}

/// Where a search cannot be read.
pub(super) fn unreadable(results: &Results, why: &str) -> Markup {
    html! {
        header {
            h1 { "pushbench: " (results.manifest.scenario.name) }
            p class="headline" { "The search in manifest.json cannot be read: " (why) }
        }
    }
}

fn contenders(searched: &Searched<'_>) -> Vec<Contender> {
    let mut transports: Vec<_> = searched.bearers.iter().map(|bearer| bearer.first().point.transport).collect();
    transports.sort();
    transports.dedup();
    transports.into_iter().map(|transport| Contender { transport, arm: None }).collect()
}

fn verdict(searched: &Searched<'_>) -> Markup {
    let (class, said) = if searched.is_finished() {
        ("valid", "Finished: every process has a bracket for every goal, or a reason why there is none.")
    } else {
        ("failed", "Unfinished: some process has no bracket yet.")
    };
    html! { span class={ "validity " (class) } { (said) } }
}

fn conditions(results: &Results, searched: &Searched<'_>) -> Vec<(&'static str, String)> {
    let (search, machine) = (searched.search, &results.manifest.machine);
    let shared = searched.shared_load();
    [
        ("searched", format!("{} from {} to {}", searched.unit(), setting(search.from), setting(search.to))),
        ("steps", format!("{}%", setting((1e4 * search.step).round() / 100.0))),
        ("at", shared),
        ("trials", format!("{} s or {} updates", setting(search.trial_s), count(search.trial_updates.into()))),
        ("server processes", search.processes.to_string()),
        ("machine", format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.kernel)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

fn found(searched: &Searched<'_>) -> Markup {
    let rows = searched.rows();
    let has_servers = rows.iter().any(|row| !row.server.is_empty());
    let columns = searched.heads().len() - 1;
    let table = html! {
        table class="comparison" {
            thead {
                tr {
                    th scope="col" { "who" }
                    @for head in searched.heads().into_iter().skip(2) { th scope="col" class="number" { (head) } }
                }
            }
            @for goal in rows.chunk_by(|row, next| row.goal == next.goal) {
                tbody {
                    tr class="load" { th scope="rowgroup" colspan=(columns) { (goal[0].goal) } }
                    @for row in goal { (line(row, has_servers)) }
                }
            }
        }
    };
    scrolling("Last success and first failure", &table)
}

fn line(row: &Row, has_servers: bool) -> Markup {
    html! {
        tr class=[row.is_ratio.then_some("ratio")] {
            th scope="row" { (row.who) @if has_servers { ", " (row.server) } }
            td class="number" { @if row.is_ratio { (row.carries) } @else { strong { (row.carries) } } }
            td class="number" { (row.deliveries_per_s) }
            @for process in &row.processes { td class="number" { (process) } }
        }
    }
}

fn trials(results: &Results, searched: &Searched<'_>) -> Markup {
    if results.runs.is_empty() {
        return html! {};
    }
    let mut head = ["run", "load", "transport", "process", "trial"].map(str::to_owned).to_vec();
    head.extend(searched.goals().iter().map(ToString::to_string));
    head.extend(METRICS.map(Metric::heading));
    let row = |run: &protocol::results::Run| {
        let trial = run.trial?;
        let mut row =
            vec![(run.index + 1).to_string(), words::load(&run.point.load), run.point.transport.title().to_owned()];
        row.extend([trial.process + 1, trial.number + 1].map(|number| number.to_string()));
        row.extend(searched.said_of(run));
        row.extend(METRICS.map(|metric| metric.of_run(run).map_or_else(|| "–".to_owned(), number)));
        Some(row)
    };
    let rows: Vec<Vec<String>> = results.runs.iter().filter_map(row).collect();
    let content = html! {
        (scrolling("Every run", &table(&head, &rows, 3)))
        p class="note" { "All columns, in full precision, are in " code { "runs.csv" } ", beside this page and in it." }
    };
    folded(
        "runs",
        "Every trial, as a row",
        &format!("{} trials, in the order in which they were made", count(rows.len() as u64)),
        &content,
    )
}
