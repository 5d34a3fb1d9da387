//! Why a client ended.

use std::io;

/// Why a client ended.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket failed.
    #[error("{0}")]
    Socket(#[from] io::Error),
    /// The server ended the connection.
    #[error("closed by the server{0}")]
    Closed(String),
    /// The server ended a connection that it need not have kept, as HTTP allows: the same is to be asked on another.
    #[error("closed by the server")]
    Ended,
    /// The server answered with another status than asked for.
    #[error("status {status}: {body}")]
    Status {
        /// The status code.
        status: u16,
        /// What the server said.
        body: String,
    },
    /// What came is not the protocol.
    #[error("protocol error: {0}")]
    Protocol(String),
}

impl ClientError {
    #[cold]
    pub(super) fn protocol(error: impl Into<String>) -> Self {
        Self::Protocol(error.into())
    }

    /// A short name under which such errors are counted.
    pub fn kind(&self) -> String {
        match self {
            Self::Socket(error) => format!("{:?}", error.kind()),
            Self::Closed(_) | Self::Ended => "Closed".to_owned(),
            Self::Status { status, .. } => format!("Status{status}"),
            Self::Protocol(_) => "Protocol".to_owned(),
        }
    }
}
