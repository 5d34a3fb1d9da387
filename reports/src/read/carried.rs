//! Files within a page: gzipped, as base64, each in an element that browsers neither run nor show nor read out.

use std::io::{Read, Write as _};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// Bytes of a carried file at most, unpacked: more would be no page to open, and may be a bomb.
const BYTES_MAX: usize = 256 << 20;

/// A file as an element; none if it is too large to be carried.
pub(crate) fn element(name: &str, file: &[u8]) -> Option<String> {
    if file.len() > BYTES_MAX {
        return None;
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let packed = gzip.write_all(file).and_then(|()| gzip.finish()).expect("memory takes what is written to it");
    let text = BASE64_STANDARD.encode(packed);
    Some(format!("{}{text}</script>", start(name)))
}

/// How its element begins. Nothing else in a page can: whatever comes from elsewhere has no `<` there.
fn start(name: &str) -> String {
    format!("<script type=\"application/gzip\" data-file=\"{name}\">")
}

/// The file of this name that a page carries; none if it carries none, or what is wrong with it.
pub(crate) fn file(page: &[u8], name: &str) -> Option<Result<Vec<u8>, String>> {
    let start = start(name);
    let from = page.windows(start.len()).position(|here| here == start.as_bytes())? + start.len();
    Some(unpacked(&page[from..]))
}

/// What stands before the element's end.
fn unpacked(rest: &[u8]) -> Result<Vec<u8>, String> {
    let length = rest.iter().position(|byte| *byte == b'<').ok_or("it is cut off")?;
    let packed = BASE64_STANDARD.decode(rest[..length].trim_ascii()).map_err(|error| format!("base64: {error}"))?;
    let mut file = Vec::new();
    let read = GzDecoder::new(&packed[..]).take(BYTES_MAX as u64 + 1).read_to_end(&mut file);
    read.map_err(|error| format!("gzip: {error}"))?;
    if file.len() > BYTES_MAX { Err(format!("it is over {} MiB", BYTES_MAX >> 20)) } else { Ok(file) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(name: &str, bytes: &[u8]) -> String {
        format!("<p>before</p>{}<p>after</p>", element(name, bytes).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_carried_comes_out_as_it_went_in(one in any::<Vec<u8>>(), other in any::<Vec<u8>>()) {
            let page = page("one", &one) + &page("other", &other);
            prop_assert_eq!(file(page.as_bytes(), "one"), Some(Ok(one)));
            prop_assert_eq!(file(page.as_bytes(), "other"), Some(Ok(other)));
            prop_assert_eq!(file(page.as_bytes(), "third"), None);
        }

        #[test]
        fn a_page_that_is_cut_off_anywhere_has_none_or_says_so(bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
            let page = page("one", &bytes);
            let whole = page.find("</script>").unwrap() + 1;
            let cut = &page.as_bytes()[..cut.index(whole)];
            prop_assert!(!matches!(file(cut, "one"), Some(Ok(_))));
        }

        #[test]
        fn a_changed_letter_is_found(bytes in prop::collection::vec(any::<u8>(), 9..99), at in any::<prop::sample::Index>()) {
            let whole = page("one", &bytes);
            let (from, to) = (whole.find("gzip\" data").unwrap() + 22, whole.find("</script>").unwrap());
            let mut changed = whole.clone().into_bytes();
            let place = from + at.index(to - from);
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            // Of gzip's head nothing but the method counts; what is read is right or refused.
            prop_assert!(file(&changed, "one").is_none_or(|read| read.is_err() || read == Ok(bytes)));
        }
    }

    #[test]
    fn what_is_damaged_says_how_and_a_bomb_is_no_more_than_that() {
        let of = |text: &str| file(format!("{}{text}</script>", start("one")).as_bytes(), "one").unwrap().unwrap_err();
        assert!(of("&&&&").starts_with("base64: "));
        assert!(of("AAAA").starts_with("gzip: "));
        assert!(of("").starts_with("gzip: "));
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..=BYTES_MAX >> 20 {
            bomb.write_all(&vec![0; 1 << 20]).unwrap();
        }
        assert_eq!(of(&BASE64_STANDARD.encode(bomb.finish().unwrap())), "it is over 256 MiB");
    }
}
