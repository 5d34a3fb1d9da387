//! May there be a link?

use super::finding::Finding;
use crate::link::{How, Refused};

/// A network between clients and server, as that was tried.
pub fn link(tried: &Result<How, Refused>) -> Finding {
    const CHECK: &str = "link";
    match tried {
        Ok(how) => Finding::ok(CHECK, format!("there may be a network between clients and server, {how}")),
        Err(Refused { why, remedy }) => {
            Finding::warn(CHECK, format!("no network between clients and server: {why}"), remedy)
        }
    }
}
