//! Scales: where a value lies along an axis, and which values are marked there.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

use crate::words::{number, setting};

/// An axis, which chooses its own marks: a plotter's are too many on a log scale, and not where we measured.
#[derive(Clone)]
pub(crate) struct Scale {
    /// What stands under it, with its unit.
    pub(crate) label: String,
    kind: Kind,
    /// Its ends, as [`map`] gives them.
    low: f64,
    high: f64,
    /// Marked values, and what stands there.
    ticks: Vec<(f64, String)>,
    /// Further ones, named a line lower, where one line has no room for all names.
    pub(crate) lower: Vec<(f64, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Linear,
    Log,
    Nines,
}

/// Values further apart than this are shown on a log scale.
const LOG_FROM: f64 = 20.0;
/// Labels closer than this share of an axis would touch.
const LABEL_GAP: f64 = 0.13;

impl Scale {
    /// From nought to just above the greatest value, linear.
    pub(crate) fn from_zero(greatest: f64) -> Self {
        // Where all is nought, any scale will do, but there must be one.
        let greatest = if greatest > 0.0 { greatest } else { 1.0 };
        let step = nice_step(greatest / 4.0);
        let steps = (1.04 * greatest / step).ceil().max(1.0);
        let ticks =
            (0..=steps as u32).map(|tick| f64::from(tick) * step).map(|at| (at, tick_label(at, step))).collect();
        Self { label: String::new(), kind: Kind::Linear, low: 0.0, high: steps * step, ticks, lower: Vec::new() }
    }

    /// From nought to a hundred, with room above for a number.
    pub(crate) fn percent() -> Self {
        let ticks = [0.0, 25.0, 50.0, 75.0, 100.0].map(|at| (at, setting(at))).to_vec();
        Self { label: String::new(), kind: Kind::Linear, low: 0.0, high: 112.0, ticks, lower: Vec::new() }
    }

    /// Around positive values, marked at 1, 2 and 5 times powers of ten, or at these alone if they are many.
    pub(crate) fn log(least: f64, greatest: f64) -> Self {
        const ROOM: f64 = 1.2;
        let (low, high) = ((least / ROOM).log10(), (greatest * ROOM).log10());
        let digits: &[f64] = if high - low > 2.2 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let decades = low.floor() as i32..=high.ceil() as i32;
        let ticks = decades
            .flat_map(|decade| digits.iter().map(move |digit| digit * 10_f64.powi(decade)))
            .filter(|value| (low..=high).contains(&value.log10()))
            .map(|value| (value, tick_label(value, value)))
            .collect();
        Self { label: String::new(), kind: Kind::Log, low, high, ticks, lower: Vec::new() }
    }

    /// Log if the positive values are far apart, else from nought.
    pub(crate) fn fitting(values: &[f64]) -> Self {
        let positive = || values.iter().copied().filter(|&value| value > 0.0);
        let (least, greatest) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
        if greatest / least > LOG_FROM { Self::log(least, greatest) } else { Self::from_zero(greatest) }
    }

    /// From nought, but log where one line lies far above another, which it would press flat.
    pub(crate) fn of_lines(lines: &[Vec<f64>]) -> Self {
        let tops: Vec<f64> = lines.iter().map(|line| line.iter().copied().fold(0.0, f64::max)).collect();
        let over_all = Self::fitting(&tops);
        if over_all.kind == Kind::Linear { over_all } else { Self::fitting(&lines.concat()) }
    }

    /// Exactly the values that were measured, ascending, with room on both sides.
    pub(crate) fn at(label: &str, values: &[f64], may_be_log: bool) -> Self {
        let (first, last) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(1.0));
        let kind = if may_be_log && first > 0.0 && last / first >= LOG_FROM { Kind::Log } else { Kind::Linear };
        let (low, high) = (map(kind, first), map(kind, last));
        let room = if high > low { 0.06 * (high - low) } else { 0.5 };
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for &value in values.iter().rev() {
            // From the greatest down, since that is the one that matters.
            if ticks.last().is_none_or(|(above, _)| map(kind, *above) - map(kind, value) >= LABEL_GAP * (high - low)) {
                ticks.push((value, setting(value)));
            }
        }
        Self { label: label.to_owned(), kind, low: low - room, high: high + room, ticks, lower: Vec::new() }
    }

    /// From one time to another, marked at round values.
    pub(crate) fn seconds(label: &str, from_s: f64, to_s: f64) -> Self {
        let step = nice_step((to_s - from_s).max(f64::MIN_POSITIVE) / 5.0);
        let (first, last) = ((from_s / step).ceil() as i64, (to_s / step).floor() as i64);
        let ticks = (first..=last).map(|tick| tick as f64 * step).map(|at| (at, tick_label(at, step))).collect();
        Self { label: label.to_owned(), kind: Kind::Linear, low: from_s, high: to_s, ticks, lower: Vec::new() }
    }

    /// Quantiles by their number of nines, up to `highest`.
    pub(crate) fn nines(label: &str, highest: f64) -> Self {
        let marks = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.999_99, 0.999_999];
        let ticks = marks.iter().filter(|&&quantile| quantile <= highest + 1e-12);
        let ticks = ticks.map(|&quantile| (quantile, percent(quantile))).collect();
        Self {
            label: label.to_owned(),
            kind: Kind::Nines,
            low: 0.0,
            high: map(Kind::Nines, highest) + 0.15,
            ticks,
            lower: Vec::new(),
        }
    }

    /// One band a name, each of width one around a whole number.
    pub(crate) fn bands(label: &str, names: &[String]) -> Self {
        // A plotter's labels are clipped, not wrapped: with many bands only every so many are named.
        let every = names.len().div_ceil(6).max(1);
        let ticks = names.iter().enumerate().filter(|(index, _)| (names.len() - 1 - index).is_multiple_of(every));
        let ticks = ticks.map(|(index, name)| (index as f64, name.clone())).collect();
        Self {
            label: label.to_owned(),
            kind: Kind::Linear,
            low: -0.5,
            high: names.len() as f64 - 0.5,
            ticks,
            lower: Vec::new(),
        }
    }

    /// The same, every band named: on two lines in turn where one has no room for all, and then without a label.
    pub(crate) fn named_bands(label: &str, names: &[String]) -> Self {
        const ON_A_LINE: usize = 4;
        let (label, lines) = if names.len() > ON_A_LINE { ("", 2) } else { (label, 1) };
        let all = names.iter().enumerate().map(|(index, name)| (index, (index as f64, name.clone())));
        let (upper, lower): (Vec<_>, Vec<_>) = all.partition(|(index, _)| index.is_multiple_of(lines));
        let [ticks, lower] = [upper, lower].map(|line| line.into_iter().map(|(_, tick)| tick).collect());
        Self { ticks, lower, ..Self::bands(label, names) }
    }

    /// The same with that under it.
    pub(crate) fn labelled(self, label: &str) -> Self {
        Self { label: label.to_owned(), ..self }
    }

    /// What a reader must be told of it, to stand after the title.
    pub(crate) fn remark(&self) -> &'static str {
        if self.kind == Kind::Log { " (log scale)" } else { "" }
    }

    /// Where it begins.
    pub(crate) fn low(&self) -> f64 {
        unmap(self.kind, self.low)
    }

    /// Where it ends.
    pub(crate) fn high(&self) -> f64 {
        unmap(self.kind, self.high)
    }

    /// What stands at a marked value.
    pub(crate) fn label_at(&self, value: f64) -> String {
        let marked = self.ticks.iter().find(|(tick, _)| tick.to_bits() == value.to_bits());
        marked.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    /// A pixel; what the scale cannot show (nought on a log scale, less than nought on one from nought) lies at its end.
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let at = map(self.kind, *value);
        let at = if at.is_nan() { self.low } else { at.clamp(self.low, self.high) };
        from + (f64::from(to - from) * (at - self.low) / (self.high - self.low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light lines are for between marks; there are none.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.iter().map(|(at, _)| *at).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.low()..self.high()
    }
}

fn map(kind: Kind, value: f64) -> f64 {
    match kind {
        Kind::Linear => value,
        Kind::Log => value.log10(),
        Kind::Nines => -(1.0 - value).log10(),
    }
}

fn unmap(kind: Kind, at: f64) -> f64 {
    match kind {
        Kind::Linear => at,
        Kind::Log => 10_f64.powf(at),
        Kind::Nines => 1.0 - 10_f64.powf(-at),
    }
}

fn percent(quantile: f64) -> String {
    let text = format!("{:.4}", 100.0 * quantile);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// 1, 2 or 5 times a power of ten, at least as long as asked.
fn nice_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * decade).find(|&step| step >= least * 0.999).unwrap_or(least)
}

fn tick_label(value: f64, step: f64) -> String {
    if value.abs() >= 1e6 {
        return format!("{} M", short(value / 1e6));
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    if decimals > 0 { format!("{value:.decimals$}") } else { setting(value.round()) }
}

fn short(value: f64) -> String {
    let text = number(value);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn marks_are_round_and_end_the_axis() {
        assert_eq!(labels(&Scale::from_zero(17.0)), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&Scale::from_zero(0.7)), ["0.0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels(&Scale::from_zero(0.0)), ["0.0", "0.5", "1.0", "1.5"]);
        assert_eq!(labels(&Scale::from_zero(2_500_000.0)), ["0", "1 M", "2 M", "3 M"]);
        assert_eq!(labels(&Scale::log(0.6, 38.0)), ["0.5", "1", "2", "5", "10", "20"]);
        assert_eq!(labels(&Scale::log(0.6, 3_800.0)), ["1", "10", "100", "1,000"]);
        assert_eq!(labels(&Scale::nines("", 0.9999)), ["50", "90", "99", "99.9", "99.99"]);
    }

    #[test]
    fn labels_that_would_touch_are_left_out_the_greatest_first() {
        assert_eq!(labels(&Scale::at("", &[100.0, 1_000.0, 4_000.0], true)), ["4,000", "1,000", "100"]);
        assert_eq!(labels(&Scale::at("", &[3_900.0, 4_000.0, 5_000.0], true)), ["5,000", "4,000"]);
    }

    #[test]
    fn a_line_far_above_another_presses_none_flat() {
        let jump = || vec![0.5, 40.0];
        assert_eq!(Scale::of_lines(&[jump(), jump()]).remark(), "", "each goes far, and none is far above another");
        assert_eq!(Scale::of_lines(&[jump(), vec![900.0]]).remark(), " (log scale)");
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_scale(values in proptest::collection::vec(1e-6..1e9_f64, 1..9)) {
            let scale = Scale::fitting(&values);
            for value in values {
                prop_assert!((0..=1_000).contains(&scale.map(&value, (0, 1_000))));
            }
        }

        #[test]
        fn an_axis_has_few_marks_but_some(value in 1e-6..1e12_f64) {
            prop_assert!((2..=8).contains(&Scale::from_zero(value).ticks.len()));
        }
    }

    #[test]
    fn what_a_log_scale_cannot_show_lies_at_its_end() {
        let scale = Scale::log(1.0, 100.0);
        assert_eq!(scale.map(&0.0, (7, 107)), 7);
        assert_eq!(scale.map(&10.0, (7, 107)), 57);
        assert_eq!(Scale::from_zero(10.0).map(&-3.0, (7, 107)), 7);
    }
}
