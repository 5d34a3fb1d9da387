//! What a stored histogram must be before the library may read it: the library makes room for whatever a head claims, and
//! adds up counts without looking whether they run over.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// The first bytes of version 2, compressed: this number, the length of what follows, and that.
const COMPRESSED: [u8; 4] = 0x1c84_9314_u32.to_be_bytes();
/// Head and counts of the largest histogram of three digits, which are half of it, rounded up.
const PLAIN_BYTES_MAX: u64 = 1 << 20;
/// Significant digits at most. We write two or three; five would make 50 MiB of a few bytes.
const DIGITS_MAX: u32 = 3;

/// The histogram in its plain form, or what is wrong with it.
pub(super) fn plain(stored: Vec<u8>) -> Result<Vec<u8>, String> {
    let plain = if stored.starts_with(&COMPRESSED) { inflate(stored.get(8..).unwrap_or_default())? } else { stored };
    let (head, counts) = plain.split_at_checked(40).ok_or("its head is cut off")?;
    let number = |place: usize| head[place..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let (counts_bytes, digits) = (number(4), number(12));
    if digits > DIGITS_MAX {
        return Err(format!("{digits} digits, more than {DIGITS_MAX}"));
    }
    let there = counts.len();
    let counts = counts
        .get(..counts_bytes as usize)
        .ok_or(format!("{counts_bytes} bytes of counts, of which {there} are there"))?;
    add_up(counts).ok_or("a count is cut off, or runs over")?;
    Ok(plain)
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let read = ZlibDecoder::new(deflated).take(PLAIN_BYTES_MAX + 1).read_to_end(&mut plain);
    read.map_err(|error| error.to_string())?;
    if plain.len() as u64 > PLAIN_BYTES_MAX {
        return Err(format!("more than {PLAIN_BYTES_MAX} bytes"));
    }
    Ok(plain)
}

/// The sum of the counts, nothing where it is none.
fn add_up(mut counts: &[u8]) -> Option<u64> {
    let mut sum = 0_u64;
    while !counts.is_empty() {
        let encoded = take_number(&mut counts)?;
        // Zig-zag: odd numbers are negative, and stand for so many zeros. The least has no opposite.
        if encoded == u64::MAX {
            return None;
        }
        if encoded.is_multiple_of(2) {
            sum = sum.checked_add(encoded / 2)?;
        }
    }
    Some(sum)
}

/// Seven bits a byte, the lowest first, while the eighth is set; the ninth byte is taken whole.
fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let last = place == 8 || byte < 0x80;
        number |= u64::from(if place == 8 { byte } else { byte & 0x7f }) << (7 * place);
        if last {
            break;
        }
    }
    Some(number)
}
