//! Small files of `/proc` and `/sys`.

/// A small file of `/proc` or `/sys`, trimmed.
pub(super) fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The numbers in such a file.
pub(super) fn numbers(path: &str) -> Option<Vec<u64>> {
    read(path)?.split_whitespace().map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_unknown() {
        assert_eq!(numbers("/proc/sys/no/such/thing"), None);
        assert_eq!(numbers("/proc/version"), None, "words are no numbers");
    }
}
