//! Text with places in it that are filled in: `/poll?after={cursor}`.

use serde::Deserialize;

/// What a template may name without an opening or an answer having said it.
pub(super) const GIVEN: [&str; 4] = [CLIENT, RANDOM, COUNT, DATA];
/// The client's number among all.
pub const CLIENT: &str = "client";
/// Letters and digits drawn anew for each connection.
pub const RANDOM: &str = "random";
/// How many requests and messages the client has written on this connection.
pub const COUNT: &str = "count";
/// The update, where one is published.
pub const DATA: &str = "data";

/// A text, and names in it for what is filled in. `{name}`, of small letters and `_`, is such a place; any other brace is
/// itself, so that JSON can be written as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Name(Box<str>),
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text.as_str());
        while let Some((before, after)) = rest.split_once('{') {
            plain += before;
            rest = match after.split_once('}').filter(|(name, _)| is_name(name)) {
                Some((name, after)) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain).into()));
                    }
                    parts.push(Part::Name(name.into()));
                    after
                }
                None => {
                    plain.push('{');
                    after
                }
            };
        }
        plain += rest;
        if !plain.is_empty() {
            parts.push(Part::Text(plain.into()));
        }
        Self(parts)
    }
}

/// Whether a place may be called so.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

impl Template {
    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(&**name),
            Part::Text(_) => None,
        })
    }

    /// Appends it as those values fill it in; false, and part of it appended, where one is not known.
    #[must_use]
    pub fn fill<'a>(&self, value_of: impl Fn(&str) -> Option<&'a [u8]>, out: &mut Vec<u8>) -> bool {
        self.0.iter().all(|part| match part {
            Part::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                true
            }
            Part::Name(name) => value_of(name).map(|value| out.extend_from_slice(value)).is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<String> {
        let mut out = Vec::new();
        let known = Template::from(text.to_owned()).fill(|name| (name != "not").then_some(b"<>"), &mut out);
        known.then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn names_are_filled_in_and_every_other_brace_is_itself() {
        for (text, expected) in [
            ("", ""),
            ("/poll?after={cursor}&x={_y}", "/poll?after=<>&x=<>"),
            (r#"[{"channel":"/a","data":{data}}]"#, r#"[{"channel":"/a","data":<>}]"#),
            (r#"{}{ {"a":{}}{A}{a"#, r#"{}{ {"a":{}}{A}{a"#),
            ("{{a}}", "{<>}"),
        ] {
            assert_eq!(filled(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(filled("a{not}b"), None);
    }
}
