//! Server-sent events as bytes (HTML Standard, section 9.2.6), as far as this server writes them: what an event's `data` says is one line,
//! and what else there is, its `id` and comments, says nothing to a client that reads every `seq`.

/// The first message of some whole events, and what follows its line.
pub fn split(events: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = events;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        if let Some(data) = line.strip_prefix(b"data:") {
            let data = data.strip_suffix(b"\r").unwrap_or(data);
            return Some((data.strip_prefix(b" ").unwrap_or(data), after));
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(mut events: &str) -> Vec<String> {
        std::iter::from_fn(|| {
            let (message, after) = split(events.as_bytes())?;
            events = &events[events.len() - after.len()..];
            Some(String::from_utf8(message.to_vec()).unwrap())
        })
        .collect()
    }

    #[test]
    fn data_is_a_message_and_nothing_else_is() {
        assert_eq!(messages("data: a\nid: 1\n\n:\n\nid: 2\ndata:b\r\nretry: 3\n\n\ndata:  c\n\n"), ["a", "b", " c"]);
        assert_eq!(messages(":\n\n"), [""; 0]);
        assert_eq!(messages("data: cut"), [""; 0], "no line");
    }
}
