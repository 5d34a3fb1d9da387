//! Where in an answer or a message something stands that is said again later.

use serde::Deserialize;

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PlaceText")]
pub enum Place {
    /// In the answer's header of that name.
    Header(Box<str>),
    /// In its JSON, at this pointer (RFC 6901).
    Json(Box<str>),
    /// Between these texts, the last of them that there is: of several updates in an answer, it is the newest.
    Between([Box<str>; 2]),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceText {
    header: Option<Box<str>>,
    json: Option<Box<str>>,
    between: Option<[Box<str>; 2]>,
}

impl TryFrom<PlaceText> for Place {
    type Error = String;

    fn try_from(text: PlaceText) -> Result<Self, String> {
        let is_pointer = |json: &str| json.is_empty() || json.starts_with('/');
        match text {
            PlaceText { header: Some(name), json: None, between: None } => Ok(Self::Header(name)),
            PlaceText { header: None, json: Some(pointer), between: None } if is_pointer(&pointer) => {
                Ok(Self::Json(pointer))
            }
            PlaceText { header: None, json: Some(pointer), between: None } => {
                Err(format!("json = \"{pointer}\": a pointer begins with `/`, as in `/0/clientId`"))
            }
            PlaceText { header: None, json: None, between: Some(marks) } => Ok(Self::Between(marks)),
            _ => Err("say one of header, json and between: where it stands".to_owned()),
        }
    }
}

impl Place {
    /// What stands there in an answer with that head, if it came with one, and that body.
    pub fn read(&self, head: &[u8], body: &[u8]) -> Option<Box<[u8]>> {
        match self {
            Self::Header(name) => header(head, name).map(Into::into),
            Self::Json(pointer) => {
                let json: serde_json::Value = serde_json::from_slice(body).ok()?;
                match json.pointer(pointer)? {
                    serde_json::Value::String(text) => Some(text.as_bytes().into()),
                    value => Some(value.to_string().into_bytes().into()),
                }
            }
            Self::Between([before, after]) => {
                let last = memchr::memmem::rfind(body, after.as_bytes())?;
                let from = memchr::memmem::rfind(&body[..last], before.as_bytes())? + before.len();
                let to = from + memchr::memmem::find(&body[from..], after.as_bytes())?;
                Some(body[from..to].into())
            }
        }
    }
}

/// The value of the first header of that name.
fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (found, value) = line.split_at_checked(name.len())?;
        found.eq_ignore_ascii_case(name.as_bytes()).then(|| value.strip_prefix(b":"))?.map(<[u8]>::trim_ascii)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_is_read_and_what_does_not_is_none() {
        let (head, body) = (&b"HTTP/1.1 200 OK\r\nEtagX: no\r\nETAG: 7 \r\n\r\n"[..], &br#"0{"sid":"ab","n":[3]}"#[..]);
        for (place, expected) in [
            (Place::Header("Etag".into()), Some("7")),
            (Place::Header("Last-Modified".into()), None),
            (Place::Between([r#""sid":""#.into(), "\"".into()]), Some("ab")),
            (Place::Between(["0".into(), "{".into()]), Some("")),
            (Place::Between(["\"".into(), ":".into()]), Some("")),
            (Place::Between(["\"x\"".into(), "\"".into()]), None),
            (Place::Json("/sid".into()), None),
        ] {
            assert_eq!(place.read(head, body).as_deref(), expected.map(str::as_bytes), "{place:?}");
        }
        for (pointer, expected) in [("/n/0", Some("3")), ("/sid", Some("ab")), ("/n/1", None)] {
            assert_eq!(Place::Json(pointer.into()).read(b"", &body[1..]).as_deref(), expected.map(str::as_bytes));
        }
    }
}
