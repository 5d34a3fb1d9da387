//! Limits with units: read, and set against the unit of a metric.

/// What is of one kind can be compared: units, and how many of the first one each is.
struct Kind {
    /// What a figure of it is, in a sentence.
    name: &'static str,
    units: &'static [(&'static str, f64)],
}

const KINDS: [Kind; 4] = [
    Kind { name: "a time", units: &[("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)] },
    Kind {
        name: "of bytes",
        units: &[
            ("B", 1.0),
            ("KiB", 1024.0),
            ("MiB", 1024.0 * 1024.0),
            ("GiB", 1024.0 * 1024.0 * 1024.0),
            ("kB", 1e3),
            ("MB", 1e6),
            ("GB", 1e9),
        ],
    },
    Kind { name: "a share", units: &[("%", 1.0)] },
    Kind { name: "a plain number", units: &[("", 1.0)] },
];

/// A limit such as `50ms` in a metric's unit, which is empty for a pure number. Says why it cannot be, and what could.
pub(in crate::judge) fn limit_in(unit: &str, text: &str) -> Result<f64, String> {
    let number_ends = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, given) = (&text[..number_ends], text[number_ends..].trim());
    let number: f64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no limit; write a number with its unit, as in 50ms, 4KiB, 5% or 0"))?;
    let kind = KINDS.iter().find(|kind| factor(kind, unit).is_some()).unwrap_or(&KINDS[KINDS.len() - 1]);
    match (factor(kind, given), factor(kind, unit)) {
        (Some(given), Some(own)) => Ok(number * given / own),
        _ => {
            let units: Vec<_> = kind.units.iter().map(|(unit, _)| *unit).filter(|unit| !unit.is_empty()).collect();
            let units = if units.is_empty() { "no unit".to_owned() } else { units.join(", ") };
            let given = if given.is_empty() { "has no unit".to_owned() } else { format!("is in `{given}`") };
            Err(format!("it is {}, and its limit `{text}` {given}; give {units}", kind.name))
        }
    }
}

fn factor(kind: &Kind, unit: &str) -> Option<f64> {
    kind.units.iter().find(|(known, _)| *known == unit).map(|(_, factor)| *factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::NAMED;

    #[test]
    fn limits_are_read_in_the_unit_of_the_metric() {
        for (unit, text, value) in [
            ("ms", "50ms", 50.0),
            ("ms", "1.5 s", 1_500.0),
            ("µs", "2ms", 2_000.0),
            ("µs", "20us", 20.0),
            ("KiB", "4KiB", 4.0),
            ("KiB", "1MiB", 1_024.0),
            ("MiB", "2048 KiB", 2.0),
            ("B", "1kB", 1_000.0),
            ("%", "2.5%", 2.5),
            ("", "0", 0.0),
            ("", "-1", -1.0),
        ] {
            let read = limit_in(unit, text).unwrap();
            assert!((read - value).abs() < 1e-9, "{text} in {unit} is {read}");
        }
    }

    #[test]
    fn another_kind_of_unit_is_refused_with_those_that_fit() {
        for (unit, text, said) in [
            ("KiB", "50ms", "it is of bytes, and its limit `50ms` is in `ms`; give B, KiB, MiB, GiB"),
            ("ms", "50", "it is a time, and its limit `50` has no unit; give ns, us, µs, ms, s"),
            ("ms", "4 KB", "is in `KB`; give ns"),
            ("", "3%", "it is a plain number, and its limit `3%` is in `%`; give no unit"),
            ("ms", "soon", "`soon` is no limit; write a number with its unit"),
            ("ms", "", "`` is no limit"),
            ("ms", "1.2.3ms", "`1.2.3ms` is no limit"),
        ] {
            let error = limit_in(unit, text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn every_metric_with_a_name_is_of_a_kind() {
        for named in NAMED {
            assert!(KINDS.iter().any(|kind| factor(kind, named.metric.unit()).is_some()), "{named:?}");
        }
    }
}
