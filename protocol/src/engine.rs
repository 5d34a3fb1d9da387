//! How the own server reads and writes, and the names of that.

use serde::{Deserialize, Serialize};

use crate::named::names;

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

names!(Engine, "engine": Lean "lean", Stock "stock");

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
