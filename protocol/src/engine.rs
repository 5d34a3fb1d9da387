//! How the own server reads and writes, and the names of that.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::named::{UnknownName, named};

/// How the server serves both transports. Stream, log and endpoints are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Past the libraries: what the protocol costs at least.
    #[default]
    Lean,
    /// By hyper and tungstenite, a task a client: what it costs as it is commonly built.
    Stock,
}

impl Engine {
    /// Every engine, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Lean, Self::Stock];

    /// The name in scenarios, options and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lean => "lean",
            Self::Stock => "stock",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Engine {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        named("engine", &Self::ALL, Self::name, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_agree_with_serde() {
        for engine in Engine::ALL {
            assert_eq!(engine.name().parse(), Ok(engine));
            assert_eq!(serde_json::to_value(engine).unwrap(), engine.name());
        }
        let error = "steam".parse::<Engine>().unwrap_err();
        assert_eq!(error.to_string(), "unknown engine `steam`: one of lean, stock");
    }
}
