//! What clients met: errors by kind, how often each, and the first of each in words.

use std::{collections::BTreeMap, fmt};

use crate::clients::transports::ClientError;

/// More kinds than this are counted together: a server makes up as many as it likes.
const KINDS_MAX: usize = 32;
const OTHERS: &str = "Other";
/// So many kinds are told in one line, the most frequent first.
const TOLD_MAX: usize = 3;

/// Errors by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(BTreeMap<String, Met>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Met {
    times: u64,
    first: String,
}

impl Errors {
    /// One more.
    pub(super) fn meet(&mut self, error: &ClientError) {
        self.add(error.kind(), 1, || error.in_words());
    }

    /// One more that is told in these words.
    pub(super) fn meet_as(&mut self, kind: &str, words: &str) {
        self.add(kind.to_owned(), 1, || words.to_owned());
    }

    fn add(&mut self, kind: String, times: u64, words: impl FnOnce() -> String) {
        let known = self.0.len() < KINDS_MAX || self.0.contains_key(&kind);
        let kind = if known { kind } else { OTHERS.to_owned() };
        self.0.entry(kind).or_insert_with(|| Met { times: 0, first: words() }).times += times;
    }

    /// Both together; the words of the first.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        for (kind, met) in &others.0 {
            self.add(kind.clone(), met.times, || met.first.clone());
        }
        self
    }

    /// Whether all went well.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How often each kind was met.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.0.iter().map(|(kind, met)| (kind.clone(), met.times)).collect()
    }

    /// The first of each kind in words.
    pub fn firsts(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(kind, met)| (kind.clone(), met.first.clone())).collect()
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all: Vec<&Met> = self.0.values().collect();
        all.sort_by_key(|met| std::cmp::Reverse(met.times));
        for (place, Met { times, first }) in all.iter().take(TOLD_MAX).enumerate() {
            let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            write!(f, "{}{first} ({times})", if place > 0 { "; " } else { "" })?;
        }
        match all.len().saturating_sub(TOLD_MAX) {
            0 => Ok(()),
            more => write!(f, "; and {more} more kind{}", if more == 1 { "" } else { "s" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, body: &str) -> ClientError {
        ClientError::Status { status, body: body.to_owned(), retry_after_s: None }
    }

    #[test]
    fn each_kind_is_counted_and_told_in_the_words_of_its_first() {
        let mut errors = Errors::default();
        for body in ["full", "still full"] {
            errors.meet(&status(503, body));
        }
        errors.meet(&ClientError::Closed(String::new()));
        let other = { errors.clone() };
        let both = errors.and(&other);
        assert_eq!(both.to_string(), "status 503: full (4 times); closed by the server (2 times)");
        assert_eq!(both.counts(), [("Closed".to_owned(), 2), ("Status503".to_owned(), 4)].into());
    }

    #[test]
    fn no_server_makes_it_grow() {
        let mut errors = Errors::default();
        for code in 100..999 {
            errors.meet(&status(code, "x"));
        }
        assert_eq!((errors.counts().len(), errors.counts()[OTHERS]), (KINDS_MAX + 1, 899 - KINDS_MAX as u64));
        assert!(
            errors
                .to_string()
                .starts_with("status 132: x (867 times); status 100: x (once); status 101: x (once); and 30"),
            "{errors}"
        );
    }
}
