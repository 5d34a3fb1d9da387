//! To whom an update goes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which clients have an update in common. Each topic has a schedule of its own, and each client one topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Audience {
    /// All of them: there is one stream, and it has no name.
    #[default]
    Broadcast,
    /// So many, as in a chat or a document; fewer by one in some rooms, where clients cannot be shared out evenly.
    Rooms {
        /// Clients in each.
        of: u32,
    },
    /// Those who chose one of so many topics: the k-th is chosen by a share of them in proportion to 1/k (Zipf's law), as it is with what people
    /// follow.
    Topics {
        /// How many there are.
        number: u32,
    },
}

impl Audience {
    /// Every client has a topic of its own.
    pub const ONE: Self = Self::Rooms { of: 1 };

    /// Whether all updates go to all clients.
    pub fn is_broadcast(self) -> bool {
        self == Self::Broadcast
    }

    /// How many topics there are among so many clients, and so how many schedules.
    pub fn topics(self, clients: u32) -> u32 {
        match self {
            Self::Broadcast => 1,
            Self::Rooms { of } => clients.div_ceil(of),
            Self::Topics { number } => number,
        }
    }
}

/// What is no audience.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown audience `{0}`: broadcast, one (each client has a topic of its own), rooms-of-20, or 1000-topics")]
pub struct UnknownAudience(String);

impl FromStr for Audience {
    type Err = UnknownAudience;

    fn from_str(text: &str) -> Result<Self, UnknownAudience> {
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
        // Hyphens spare quotation marks on a command line.
        let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter == '-').collect();
        let audience = match words[..] {
            ["broadcast"] => Some(Self::Broadcast),
            ["one"] => Some(Self::ONE),
            ["rooms", "of", of] => number(of).map(|of| Self::Rooms { of }),
            [topics, "topics"] => number(topics).map(|number| Self::Topics { number }),
            _ => None,
        };
        audience.ok_or_else(|| UnknownAudience(text.to_owned()))
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast => f.write_str("broadcast"),
            Self::Rooms { of: 1 } => f.write_str("one"),
            Self::Rooms { of } => write!(f, "rooms of {of}"),
            Self::Topics { number } => write!(f, "{number} topics"),
        }
    }
}

impl TryFrom<String> for Audience {
    type Error = UnknownAudience;

    fn try_from(text: String) -> Result<Self, UnknownAudience> {
        text.parse()
    }
}

impl From<Audience> for String {
    fn from(audience: Audience) -> Self {
        audience.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for (text, audience, topics) in [
            ("broadcast", Audience::Broadcast, 1),
            ("one", Audience::ONE, 101),
            ("rooms of 20", Audience::Rooms { of: 20 }, 6),
            ("1000 topics", Audience::Topics { number: 1000 }, 1000),
        ] {
            assert_eq!(text.parse(), Ok(audience));
            assert_eq!((audience.to_string().as_str(), audience.topics(101)), (text, topics));
            assert_eq!(text.replace(' ', "-").parse(), Ok(audience));
            let written = serde_json::to_string(&audience).unwrap();
            assert_eq!(serde_json::from_str::<Audience>(&written).unwrap(), audience);
        }
        for text in ["", "rooms", "rooms of 0", "rooms of -1", "0 topics", "topics", "two", "rooms of 20 or so"] {
            let error = text.parse::<Audience>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("unknown audience `{text}`: broadcast, one")), "{error}");
        }
    }
}
