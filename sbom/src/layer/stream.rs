//! Reading one layer as a stream: compression, tar, and no file of it on the disk.

use std::io::{self, Cursor, Read};

use tar::{Archive, Entry, EntryType};

use super::{Layer, Reading, TooManyNames, compression};
use crate::catalog::{self, FileName};
use crate::limits;

/// Why a layer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// It could not be had, or is damaged.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is neither a tar nor one that is compressed in a known way.
    #[error("is no tar, nor one that is compressed by gzip or zstd")]
    Unknown,
    /// It passes a bound.
    #[error("{what} is more than {limit}")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
}

impl LayerError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "LAYER_UNREADABLE",
            Self::Unknown => "LAYER_COMPRESSION",
            Self::Limit { .. } => "LAYER_LIMIT",
        }
    }
}

impl From<TooManyNames> for LayerError {
    fn from(_: TooManyNames) -> Self {
        Self::Limit { what: "the length of all names, in bytes,", limit: limits::NAME_BYTES as u64 }
    }
}

/// Reads a layer. The reader is read to its end, so that one which checks a digest can do so.
///
/// # Errors
/// When the layer is not what it should be, or passes a bound of [`limits`].
pub fn read(mut layer: impl Read) -> Result<Layer, LayerError> {
    let tar = compression::unpacked(&mut layer)?.ok_or(LayerError::Unknown)?;
    let read = entries(tar)?;
    io::copy(&mut layer, &mut io::sink())?;
    Ok(read)
}

fn entries(tar: impl Read) -> Result<Layer, LayerError> {
    let (mut reading, mut content) = (Reading::default(), Vec::new());
    let mut archive = Archive::new(Bounded { inner: tar, left: limits::LAYER_BYTES });
    for (count, entry) in archive.entries()?.enumerate() {
        if count >= limits::LAYER_ENTRIES {
            return Err(LayerError::Limit {
                what: "the number of entries",
                limit: limits::LAYER_ENTRIES as u64,
            });
        }
        one(&mut reading, entry?, &mut content)?;
    }
    // Gzip checks its sum at its end.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(reading.finish())
}

/// Reads one entry; `content` is only there to be used again.
fn one(
    reading: &mut Reading,
    mut entry: Entry<'_, impl Read>,
    content: &mut Vec<u8>,
) -> Result<(), LayerError> {
    let name = entry.path_bytes();
    let path = match absolute(&name) {
        Ok(Some(path)) => path,
        Ok(None) => return Ok(()),
        Err(why) => {
            reading.lacks(&String::from_utf8_lossy(&name), why.into());
            return Ok(());
        }
    };
    if reading.whiteout(&path)? {
        return Ok(());
    }
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let size = entry.size();
            let file = FileName { path: &path, mode: entry.header().mode()?, size };
            if reading.wants(&file)? {
                content.clear();
                entry.by_ref().take(limits::HEAD_BYTES).read_to_end(content)?;
                if !catalog::may_show(&file, content) {
                    return Ok(());
                }
                // As large as it is said to be, and no larger: what is never filled takes no memory.
                content.reserve_exact(usize::try_from(size.saturating_sub(limits::HEAD_BYTES)).unwrap_or(0));
                entry.take(limits::FILE_BYTES - limits::HEAD_BYTES).read_to_end(content)?;
                reading.look(&file, &mut Cursor::new(content.as_slice()))?;
            }
        }
        EntryType::Link => match entry.link_name_bytes().map(|target| absolute(&target)) {
            Some(Ok(Some(target))) => reading.hard_link(&path, &target)?,
            _ => reading.lacks(&path, "is a link to no file of the layer".into()),
        },
        EntryType::Symlink => {
            let target = entry.link_name_bytes().unwrap_or_default();
            reading.symbolic_link(&path, &String::from_utf8_lossy(&target))?;
        }
        // A directory is merged with the one below.
        EntryType::Directory => {}
        _ => reading.special(&path)?,
    }
    Ok(())
}

/// The absolute path inside the root; `None` for the root itself.
///
/// # Errors
/// The name leads out of the root, or is too long.
fn absolute(name: &[u8]) -> Result<Option<String>, &'static str> {
    let name = String::from_utf8_lossy(name);
    let mut path = String::new();
    for part in name.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            return Err("leads out of the root");
        }
        if path.len() + part.len() > limits::PATH_BYTES {
            return Err("has a name that is too long");
        }
        path.push('/');
        path.push_str(part);
    }
    Ok((!path.is_empty()).then_some(path))
}

/// A reader that gives so many bytes and fails then.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!("unpacked, the layer is larger than {} bytes", limits::LAYER_BYTES))
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn layer() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |name: &str, content: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, content).unwrap();
        };
        add("./etc/os-release", b"ID=debian\n");
        add("usr/lib/os-release", b"ID=debian\n");
        builder.into_inner().unwrap()
    }

    fn paths(layer: &[u8]) -> Result<Vec<String>, LayerError> {
        Ok(read(layer)?.found.into_keys().collect())
    }

    #[test]
    fn every_compression_is_read() {
        let tar = layer();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(&*tar, ruzstd::encoding::CompressionLevel::Fastest);
        for bytes in [tar.clone(), gzip.finish().unwrap(), zstd] {
            assert_eq!(paths(&bytes).unwrap(), ["/etc/os-release", "/usr/lib/os-release"]);
            assert!(paths(&bytes[..bytes.len() / 2]).is_err() || bytes.starts_with(&tar[..100]));
        }
        assert_eq!(paths(&[0; 1024]).unwrap(), [""; 0]);
        assert_eq!(paths(b"BZh91AY&SY").unwrap_err().code(), "LAYER_COMPRESSION");
    }

    /// What is passed over is named.
    #[test]
    fn nothing_is_passed_over_in_silence() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |name: &str, kind: EntryType, target: &str, content: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.set_cksum();
            builder.append(&header, content).unwrap();
        };
        add("etc/os-release", EntryType::Regular, "", b"ID=debian\n");
        add("usr/lib/os-release", EntryType::Link, "etc/os-release", b"");
        add("../x", EntryType::Regular, "", b"");
        add("lost", EntryType::Link, "../etc/shadow", b"");
        let layer = read(&*builder.into_inner().unwrap()).unwrap();
        assert_eq!(layer.found.keys().collect::<Vec<_>>(), ["/etc/os-release", "/usr/lib/os-release"]);
        let lacks: Vec<_> = layer.incomplete.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(lacks, ["../x", "/lost"]);
    }

    /// threat model, row 78.
    #[test]
    fn names_stay_inside() {
        for (name, expected) in [
            ("etc/x", Ok(Some("/etc/x"))),
            ("./etc//x/", Ok(Some("/etc/x"))),
            ("/etc/x", Ok(Some("/etc/x"))),
            ("../x", Err("leads out of the root")),
            ("etc/../../x", Err("leads out of the root")),
            (&"x/".repeat(limits::PATH_BYTES), Err("has a name that is too long")),
            ("./", Ok(None)),
        ] {
            let got = absolute(name.as_bytes());
            assert_eq!(got.as_ref().map(Option::as_deref).map_err(|why| *why), expected, "{name}");
        }
    }
}
