//! The page's files, which are part of this program, and the headers that all its answers have.

use bytes::Bytes;
use hyper::{
    Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue},
};

/// Each under its path, with its content type.
macro_rules! files {
    ($($path:literal $file:literal $kind:ident;)*) => {
        [$(($path, $kind, include_str!(concat!("web/", $file)))),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

const FILES: [(&str, &str, &str); 12] = files! {
    "/" "page.html" HTML;
    "/page/page.css" "page.css" CSS;
    "/page/race.js" "race.js" JS;
    "/page/lane.js" "lane.js" JS;
    "/page/transports.js" "transports.js" JS;
    "/page/receipts.js" "receipts.js" JS;
    "/page/clock.js" "clock.js" JS;
    "/page/draw.js" "draw.js" JS;
    "/page/words.js" "words.js" JS;
    "/page/controls.js" "controls.js" JS;
    "/page/server.js" "server.js" JS;
    "/page/notices.js" "notices.js" JS;
};

/// Nothing foreign is loaded, asked or framed. A document that is isolated from all others is given the finer clock
/// (COOP and COEP: HTML Standard, sections 7.1.3 and 7.1.4; High Resolution Time, section 8.1).
const GUARDS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// The file of that path.
pub(super) fn of(path: &str) -> Option<Response<Bytes>> {
    let (_, kind, text) = FILES.iter().find(|(known, ..)| *known == path)?;
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Some(response)
}

/// An answer with the headers that all of the page's have.
pub(super) fn guarded(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in GUARDS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
