//! How a layer is compressed: told by how it begins, whatever its media type says.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Bytes by which a tar is known: its first header (POSIX.1-2024, `pax`, "ustar Interchange Format").
const HEADER_BYTES: u64 = 512;

/// The tar in a layer; `None` where it is none, nor one that is compressed by gzip or zstd. What is behind it is in error.
///
/// # Errors
/// When the layer cannot be had.
pub(super) fn unpacked<'a>(mut layer: impl Read + 'a) -> io::Result<Option<Box<dyn Read + 'a>>> {
    // One read may give less, from a network.
    let mut head = Vec::new();
    layer.by_ref().take(HEADER_BYTES).read_to_end(&mut head)?;
    let begins: [u8; 4] = std::array::from_fn(|at| head.get(at).copied().unwrap_or_default());
    let is_a_tar = is_tar(&head);
    let whole = BufReader::with_capacity(64 << 10, Cursor::new(head).chain(layer));
    Ok(match begins {
        [0x1f, 0x8b, ..] => Some(Box::new(MultiGzDecoder::new(whole))),
        // A frame, or one that is skipped (RFC 8878, sections 3.1.1 and 3.1.2).
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Box::new(Frames::of(whole))),
        _ if is_a_tar => Some(Box::new(whole)),
        _ => None,
    })
}

/// A tar begins with a header that says so, or with the zeros that end one without entries.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
        || (head.len() as u64 == HEADER_BYTES && head.iter().all(|byte| *byte == 0))
}

/// The content of all frames of zstd: several are as good as one, and some hold what is not content (RFC 8878,
/// section 3).
struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame is being read.
    is_open: bool,
}

impl<R: BufRead> Frames<R> {
    fn of(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), is_open: false }
    }

    /// Opens the next frame; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => skip(&mut self.source, u64::from(length))?,
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
        Ok(false)
    }
}

fn skip(source: &mut impl Read, length: u64) -> io::Result<()> {
    match io::copy(&mut source.take(length), &mut io::sink())? {
        skipped if skipped == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_open {
                self.is_open = self.next()?;
                if !self.is_open {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| io::Error::other(error.to_string()))?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.is_open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// A reader that gives one byte at a time, as a slow network may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn content(layer: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some(mut tar) = unpacked(Slow(layer))? else { return Ok(None) };
        let mut content = Vec::new();
        tar.read_to_end(&mut content)?;
        Ok(Some(content))
    }

    /// What is in a second frame is in the layer (threat model, row 94).
    #[test]
    fn all_frames_are_read_however_they_come() {
        let mut tar = vec![7; 2000];
        tar[257..262].copy_from_slice(b"ustar");
        let frame = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let (first, second) = (frame(&tar[..900]), frame(&tar[900..]));
        for layer in [
            tar.clone(),
            frame(&tar),
            [&first[..], &second].concat(),
            [&skipped[..], &first, &skipped, &second, &skipped].concat(),
        ] {
            assert_eq!(content(&layer).unwrap().as_ref(), Some(&tar));
        }
        let behind = [&first[..], b"not a frame"].concat();
        assert!(content(&behind).is_err());
        let cut = [&first[..], &skipped[..9]].concat();
        assert!(content(&cut).is_err());
        assert_eq!(content(b"BZh91AY&SY").unwrap(), None);
        assert_eq!(content(&[0; 1024]).unwrap(), Some(vec![0; 1024]));
    }
}
