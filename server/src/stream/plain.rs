//! Feeds as people keep them, plain, gzip or zstd: told apart by their first bytes, whatever they are called.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// The bytes of a feed as they were before it was compressed.
///
/// Holds a window of them at most (128 MiB for zstd, which refuses more), however much they come to.
pub(super) fn plain<'a>(mut reader: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut head = Vec::new();
    // A pipe gives what it has, perhaps a single byte.
    reader.by_ref().take(4).read_to_end(&mut head)?;
    let whole = Cursor::new(head.clone()).chain(reader);
    Ok(match head[..] {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(MultiGzDecoder::new(whole))),
        // A frame, or one to be skipped (RFC 8878, section 3.1).
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            Box::new(BufReader::new(Frames { source: whole, frame: FrameDecoder::new() }))
        }
        _ => Box::new(whole),
    })
}

/// All frames of a zstd file, one after the other.
struct Frames<R> {
    source: R,
    frame: FrameDecoder,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.frame.can_collect() > 0 {
                return self.frame.read(buffer);
            }
            if !self.frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
            } else if self.source.fill_buf()?.is_empty() {
                return Ok(0);
            } else {
                self.begin_frame()?;
            }
        }
    }
}

impl<R: BufRead> Frames<R> {
    fn begin_frame(&mut self) -> io::Result<()> {
        match self.frame.reset(&mut self.source) {
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink()).map(drop)
            }
            begun => begun.map_err(io::Error::other),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        plain(bytes)?.read_to_end(&mut text).map(|_| text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        io::Write::write_all(&mut encoder, text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    #[test]
    fn every_form_is_read_however_many_parts_it_has() {
        let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
        // More than a block.
        let long = b"0123456789".repeat(50_000);
        for text in [&b""[..], b"x", b"{}\n", &long] {
            for form in [<[u8]>::to_vec, gzip, zstd] {
                assert!(read(&form(text)).unwrap() == text, "{} bytes", text.len());
            }
            for parts in [
                [gzip(text), gzip(&long)].concat(),
                [skipped.clone(), zstd(text), skipped.clone(), zstd(&long)].concat(),
            ] {
                assert!(read(&parts).unwrap() == [text, &long].concat(), "{} bytes in parts", text.len());
            }
        }
    }

    #[test]
    fn what_was_cut_off_is_an_error() {
        for whole in [gzip(b"0123456789"), zstd(b"0123456789")] {
            for cut in 4..whole.len() {
                assert!(read(&whole[..cut]).is_err(), "{cut} of {} bytes", whole.len());
            }
        }
    }

    #[test]
    fn a_window_that_is_too_large_is_refused_before_room_is_made_for_it() {
        // A frame's head that asks for a window of 2^41 bytes.
        let error = read(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0]).unwrap_err();
        assert!(error.to_string().contains("indow"), "{error}");
    }
}
