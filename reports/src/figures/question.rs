//! What a reader asks, and which figure answers it.

/// A question of a reader's. Every figure answers one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// At which loads one of them is the better: what stands before all others.
    Decides,
    Late,
    Cpu,
    Memory,
    Wire,
    Breaks,
    /// Whether the generator measured the server, and not itself.
    KeptUp,
}

impl Question {
    /// Those that are asked one by one, in their order.
    pub(crate) const ASKED: [Self; 6] = [Self::Late, Self::Cpu, Self::Memory, Self::Wire, Self::Breaks, Self::KeptUp];

    /// As it is asked.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Decides => "What decides it",
            Self::Late => "How late?",
            Self::Cpu => "How much CPU?",
            Self::Memory => "How much memory?",
            Self::Wire => "What on the wire?",
            Self::Breaks => "What when connections break?",
            Self::KeptUp => "Did the load generator keep up?",
        }
    }

    /// Names it within the page.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Decides => "decides",
            Self::Late => "how-late",
            Self::Cpu => "how-much-cpu",
            Self::Memory => "how-much-memory",
            Self::Wire => "on-the-wire",
            Self::Breaks => "when-connections-break",
            Self::KeptUp => "kept-up",
        }
    }
}
