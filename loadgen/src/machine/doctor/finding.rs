//! What a check found, and how it is shown on a terminal.

use std::fmt;

use console::{StyledObject, style};

/// How bad it is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be, or unknown.
    Ok,
    /// Figures may suffer.
    Warn,
    /// The plan cannot be run.
    Fail,
}

/// The outcome of one check. Its `Display` is one line, and a second one for the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found, with numbers.
    pub found: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, found: found.into(), remedy: None }
    }

    pub(super) fn warn(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, found: found.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn fail(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// The machine does not tell; `source` is what was asked.
    pub(super) fn unknown(check: &'static str, source: &str) -> Self {
        Self::ok(check, format!("unknown: {source} cannot be read"))
    }
}

impl Finding {
    /// It as shown on stderr, which may be coloured where stdout is not; its `Display` is for stdout.
    pub fn for_stderr(&self) -> impl fmt::Display {
        fmt::from_fn(|f| self.show(f, StyledObject::for_stderr))
    }

    fn show(
        &self,
        f: &mut fmt::Formatter<'_>,
        on: fn(StyledObject<&'static str>) -> StyledObject<&'static str>,
    ) -> fmt::Result {
        let level = on(match self.level {
            Level::Ok => style("ok  ").green(),
            Level::Warn => style("warn").yellow(),
            Level::Fail => style("fail").red().bold(),
        });
        write!(f, "{level}  {:<17} {}", self.check, self.found)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n{:24}{remedy}", ""),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, StyledObject::for_stdout)
    }
}

/// A count with its thousands apart: 25,064.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let groups = digits.as_bytes()[first..].chunks(3).map(String::from_utf8_lossy);
    let mut parts: Vec<_> = groups.collect();
    if first > 0 {
        parts.insert(0, digits[..first].into());
    }
    parts.join(",")
}

/// Bytes as megabytes: 1,200 MB.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{} MB", count(bytes / 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedy_stands_under_what_was_found() {
        let finding = Finding::fail("backlog", "128", "sysctl");
        console::set_colors_enabled(false);
        let plain = finding.to_string();
        let [found, remedy] = plain.lines().collect::<Vec<_>>()[..] else { panic!("{plain}") };
        assert_eq!(found, "fail  backlog           128");
        assert_eq!(remedy.find("sysctl"), found.find("128"));
    }

    #[test]
    fn thousands_are_apart() {
        let read = [0, 7, 999, 1_000, 25_064, 100_000, 1_234_567].map(count);
        assert_eq!(read, ["0", "7", "999", "1,000", "25,064", "100,000", "1,234,567"]);
    }

    #[test]
    fn worse_is_greater() {
        assert!(Level::Fail > Level::Warn && Level::Warn > Level::Ok);
    }
}
