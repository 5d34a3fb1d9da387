//! Numbers as people read them: separated thousands, no more digits than mean something.

/// What is written out; further out are only ends of intervals that have none, and their digits would run off a page.
const DIGITS: std::ops::Range<f64> = 1e-9..1e15;

/// A whole number with separated thousands.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// Three significant digits, thousands separated; whole numbers keep all their digits.
pub(crate) fn number(value: f64) -> String {
    significant(value, 3)
}

/// A ratio with its sign, three significant digits: `3.13×`, `0.400×`, `12.0×`.
pub(crate) fn times(ratio: f64) -> String {
    format!("{}×", significant(ratio, 3))
}

/// A value of an axis exactly as it was asked for.
pub(crate) fn setting(value: f64) -> String {
    let text = value.to_string();
    match text.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", grouped(whole)),
        None => grouped(&text),
    }
}

/// A part of a whole in percent; small shares keep a digit, so that few is not shown as none.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    format!("{}%", significant(100.0 * part as f64 / whole as f64, 2))
}

/// So many significant digits, thousands separated.
pub(crate) fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "–".to_owned() };
    }
    if !DIGITS.contains(&value.abs()) {
        return format!("{value:.*e}", digits as usize - 1);
    }
    // Rounding may carry into a new digit (9.996 to 10.0), so the exponent is taken from the rounded value.
    let rounded: f64 = format!("{value:.*e}", digits as usize - 1).parse().unwrap_or(value);
    let exponent = rounded.abs().log10().floor() as i32;
    let decimals = (digits - 1 - exponent).max(0) as usize;
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", grouped(whole)),
        None => grouped(&text),
    }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut out = String::from(sign);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `WebSocket’s`, `server-sent events’`
pub(crate) fn possessive(name: &str) -> String {
    format!("{name}’{}", if name.ends_with('s') { "" } else { "s" })
}

/// `a, b and c`, with that word before the last.
pub(crate) fn listed(words: &[String], before_last: &str) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} {before_last} {last}", first.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_that_mean_something() {
        for (value, text) in [
            (0.0, "0"),
            (0.001_234, "0.00123"),
            (1.0, "1.00"),
            (9.996, "10.0"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (1_234_567.8, "1,234,568"),
            (-1_234.0, "-1,234"),
            (1.234e30, "1.23e30"),
            (1.234e-30, "1.23e-30"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn ratios_shares_and_settings() {
        assert_eq!(times(3.13), "3.13×");
        assert_eq!(times(0.4), "0.400×");
        assert_eq!(percent(1, 300_000), "0.00033%");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(setting(4_000.0), "4,000");
        assert_eq!(setting(0.5), "0.5");
        assert_eq!(["WebSocket", "server-sent events"].map(possessive), ["WebSocket’s", "server-sent events’"]);
    }

    proptest! {
        #[test]
        fn separators_change_nothing(value: u64) {
            prop_assert_eq!(count(value).replace(',', ""), value.to_string());
        }

        #[test]
        fn what_is_shown_is_near(value in 1e-6..1e12_f64) {
            let shown: f64 = number(value).replace(',', "").parse().unwrap();
            prop_assert!((shown / value - 1.0).abs() < 0.006, "{} shown as {}", value, shown);
        }
    }
}
