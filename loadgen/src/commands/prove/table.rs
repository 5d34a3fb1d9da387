//! The table of everything that was compared.

use std::fmt::Write as _;

use protocol::Transport;

use super::{
    cases::Case,
    check::Check,
    undisturbed::{Disturbance, TRIES_MAX},
};

const HEAD: [&str; 7] = ["case", "transport", "what is compared", "expected", "measured", "tolerance", ""];

/// The table, and a line that says how many held.
pub(super) fn render(checks: &[(&Case, Transport, Vec<Check>)], disturbance: Disturbance) -> String {
    let row = |case: &Case, transport: &Transport, check: &Check| {
        let verdict = if check.holds { "ok" } else { "DIFFERS" };
        [case.name, transport.name(), &check.what, &check.expected, &check.measured, &check.allowed, verdict]
            .map(str::to_owned)
    };
    let rows: Vec<[String; 7]> = std::iter::once(HEAD.map(str::to_owned))
        .chain(
            checks.iter().flat_map(|(case, transport, checks)| checks.iter().map(|check| row(case, transport, check))),
        )
        .collect();
    let widths: [usize; 7] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    let all = rows.len() - 1;
    let held = checks.iter().flat_map(|(_, _, checks)| checks).filter(|check| check.holds).count();
    let _ = write!(text, "\n{held} of {all} checks hold.");
    if held < all {
        text += " What DIFFERS is beyond its tolerance: do not trust such a figure before you know why.";
    }
    let Disturbance { set_aside, kept } = disturbance;
    if set_aside > 0 {
        let _ = write!(text, " Set aside unseen, as the machine had other work, and made again: {set_aside}.");
    }
    if kept > 0 {
        let _ = write!(
            text,
            "\nKept though they met other work at each of {TRIES_MAX} tries: {kept}. What differs may be that work's; repeat \
             on a quiet machine."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::prove::cases;

    #[test]
    fn rows_are_aligned_and_what_differs_stands_out() {
        let case = cases::named("drop").unwrap();
        let checks = vec![Check::count("missed", 175, 175), Check::count("reordered", 0, 3)];
        let text = render(&[(case, Transport::WebSocket, checks)], Disturbance { set_aside: 2, kept: 0 });
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1], "drop  websocket  missed            175       175       exact      ok");
        assert_eq!(lines[2], "drop  websocket  reordered         0         3         exact      DIFFERS");
        assert_eq!(
            lines[4],
            "1 of 2 checks hold. What DIFFERS is beyond its tolerance: do not trust such a figure before you know why. \
             Set aside unseen, as the machine had other work, and made again: 2."
        );
    }
}
