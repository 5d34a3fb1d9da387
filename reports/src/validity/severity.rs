//! How much a warning weighs: for the numbers that it speaks of, and for the sweep as a whole.

/// How much a warning weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Read the numbers with this in mind.
    Caution,
    /// The numbers it speaks of must not be used.
    Invalid,
}

impl Severity {
    /// The word before a warning.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Caution => "caution",
            Self::Invalid => "invalid",
        }
    }
}

/// Whether the results may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// Everything planned was measured, and nothing speaks against it.
    Valid,
    /// All was run, but some point is void, not conserved or incomplete.
    Flawed,
    /// A run failed, or the sweep was interrupted.
    Failed,
}
