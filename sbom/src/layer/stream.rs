//! Reading one layer as a stream: compression, tar, and no file of it on the disk.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::str::Utf8Error;

use tar::{Archive, Entry, EntryType};

use super::{Exceeded, Layer, Reading, compression};
use crate::catalog::{self, FileName};
use crate::limits;

/// Why a layer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// It could not be had, or is damaged.
    #[error("{0}")]
    Io(io::Error),
    /// It is neither a tar nor one that is compressed in a known way.
    #[error("is no tar, nor one that is compressed by gzip or zstd")]
    Unknown,
    /// It passes a bound.
    #[error("{0}")]
    Limit(#[from] Exceeded),
}

impl LayerError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "LAYER_UNREADABLE",
            Self::Unknown => "LAYER_COMPRESSION",
            Self::Limit(_) => "LAYER_LIMIT",
        }
    }
}

impl From<io::Error> for LayerError {
    /// A bound that was passed while reading is one.
    fn from(error: io::Error) -> Self {
        error.downcast().map_or_else(Self::Io, Self::Limit)
    }
}

/// What is given to one layer.
#[derive(Clone, Copy)]
struct Bounds {
    /// Bytes, unpacked.
    bytes: u64,
    entries: usize,
}

/// Reads a layer. The reader is read to its end, so that one which checks a digest can do so.
///
/// # Errors
/// When the layer is not what it should be, or passes a bound of [`limits`].
pub fn read(layer: impl Read) -> Result<Layer, LayerError> {
    read_within(layer, Bounds { bytes: limits::LAYER_BYTES, entries: limits::LAYER_ENTRIES })
}

fn read_within(mut layer: impl Read, bounds: Bounds) -> Result<Layer, LayerError> {
    let tar = compression::unpacked(&mut layer)?.ok_or(LayerError::Unknown)?;
    let read = entries(tar, bounds)?;
    io::copy(&mut layer, &mut io::sink())?;
    Ok(read)
}

fn entries(tar: impl Read, bounds: Bounds) -> Result<Layer, LayerError> {
    let mut walk = Walk { reading: Reading::default(), content: Vec::new(), left: bounds.bytes, bounds };
    let at = Position { bytes: Cell::new(0), until: Cell::new(limits::ENTRY_HEAD_BYTES) };
    let mut archive = Archive::new(Bounded { inner: tar, at: &at, most: bounds.bytes });
    for (count, entry) in archive.entries()?.enumerate() {
        if count >= bounds.entries {
            let limit = bounds.entries as u64;
            return Err(Exceeded { what: "the number of entries", limit }.into());
        }
        let entry = entry?;
        let sparse = entry.header().entry_type().is_gnu_sparse();
        let packed = if sparse { entry.header().entry_size()? } else { entry.size() };
        let end = at.bytes.get().saturating_add(packed);
        at.until.set(u64::MAX);
        walk.one(entry)?;
        // Before the next entry is there, the rest of this one is passed over, and all that is said of the next is kept.
        at.until.set(end.saturating_add(limits::ENTRY_HEAD_BYTES));
    }
    // Gzip checks its sum at its end.
    at.until.set(u64::MAX);
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(walk.reading.finish())
}

/// A walk through a tar.
struct Walk {
    reading: Reading,
    /// Only there to be used again.
    content: Vec<u8>,
    /// Bytes that may still be looked into: holes in files are bytes of them, and take no room in a tar.
    left: u64,
    bounds: Bounds,
}

impl Walk {
    fn one(&mut self, mut entry: Entry<'_, impl Read>) -> Result<(), LayerError> {
        let readable = attributes_are_readable(&mut entry)?;
        let name = entry.path_bytes();
        if let Err(no_text) = std::str::from_utf8(&name) {
            let mode = entry.header().mode()?;
            return self.nameless(&name, mode, &no_text);
        }
        let path = match absolute(&name) {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(()),
            Err(why) => return Ok(self.reading.lacks(&String::from_utf8_lossy(&name), why.into())?),
        };
        if !readable {
            self.reading
                .lacks(&path, "has attributes that cannot be read, which may say another name".into())?;
        }
        if self.reading.whiteout(&path)? {
            return Ok(());
        }
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => self.file(&path, entry)?,
            EntryType::Link => match entry.link_name_bytes().map(|target| absolute(&target)) {
                Some(Ok(Some(target))) => self.reading.hard_link(&path, &target)?,
                _ => self.reading.lacks(&path, "is a link to no file of the layer".into())?,
            },
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                self.reading.symbolic_link(&path, &String::from_utf8_lossy(&target))?;
            }
            EntryType::Directory => self.reading.directory(&path)?,
            _ => self.reading.special(&path)?,
        }
        Ok(())
    }

    /// An entry whose name is no text: another one may look the same.
    fn nameless(&mut self, name: &[u8], mode: u32, why: &Utf8Error) -> Result<(), LayerError> {
        let name = String::from_utf8_lossy(name);
        if catalog::is_wanted(&FileName { path: &format!("/{name}"), mode, size: 1 }) {
            self.reading.lacks(&name, format!("has a name that is not in UTF-8: {why}"))?;
        }
        Ok(())
    }

    fn file(&mut self, path: &str, mut entry: Entry<'_, impl Read>) -> Result<(), LayerError> {
        let size = entry.size();
        let file = FileName { path, mode: entry.header().mode()?, size };
        if !self.reading.wants(&file)? {
            return Ok(());
        }
        let limit = self.bounds.bytes;
        let left = self.left.checked_sub(size);
        self.left = left.ok_or(Exceeded { what: "what is looked into, in bytes,", limit })?;
        self.content.clear();
        entry.by_ref().take(limits::HEAD_BYTES).read_to_end(&mut self.content)?;
        if !catalog::may_show(&file, &self.content) {
            return Ok(());
        }
        // As large as it is said to be, and no larger: what is never filled takes no memory.
        let more = size.saturating_sub(limits::HEAD_BYTES);
        self.content.reserve_exact(usize::try_from(more).unwrap_or(0));
        entry.take(limits::FILE_BYTES - limits::HEAD_BYTES).read_to_end(&mut self.content)?;
        self.reading.look(&file, &mut Cursor::new(self.content.as_slice()))?;
        Ok(())
    }
}

/// Whether what pax notes of an entry is lines of `LENGTH KEY=VALUE`. A value may have a line break in it, which the parser
/// does not see, and then goes by the name in the header.
fn attributes_are_readable(entry: &mut Entry<'_, impl Read>) -> io::Result<bool> {
    let kind = entry.header().entry_type();
    if kind.is_pax_local_extensions() || kind.is_pax_global_extensions() {
        return Ok(true);
    }
    Ok(entry.pax_extensions()?.is_none_or(|mut attributes| attributes.all(|attribute| attribute.is_ok())))
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

/// How far a tar was read, and how far it may be until the next entry is there: the parser keeps all that is said of an
/// entry before its content, however long it is.
struct Position {
    bytes: Cell<u64>,
    until: Cell<u64>,
}

/// A reader that gives so many bytes and fails then.
struct Bounded<'a, R> {
    inner: R,
    at: &'a Position,
    most: u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = self.at.bytes.get().saturating_add(read as u64);
        self.at.bytes.set(bytes);
        if bytes > self.most {
            return Err(Exceeded { what: "the layer, unpacked, in bytes,", limit: self.most }.into());
        }
        if bytes > self.at.until.get() {
            let limit = limits::ENTRY_HEAD_BYTES;
            return Err(Exceeded { what: "the head of an entry, in bytes,", limit }.into());
        }
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
        for bytes in [tar.clone(), gzip(&tar), zstd(&tar)] {
            assert_eq!(paths(&bytes).unwrap(), ["/etc/os-release", "/usr/lib/os-release"]);
            assert!(paths(&bytes[..bytes.len() / 2]).is_err() || bytes.starts_with(&tar[..100]));
        }
        assert_eq!(paths(&[0; 1024]).unwrap(), [""; 0]);
        assert_eq!(paths(b"BZh91AY&SY").unwrap_err().code(), "LAYER_COMPRESSION");
    }

    fn gzip(tar: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(tar).unwrap();
        gzip.finish().unwrap()
    }

    fn zstd(tar: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(tar, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// A tar of entries by hand: name, kind, size as it is said, content.
    fn tar_of(entries: &[(&str, u8, u64, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, kind, size, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(EntryType::new(*kind));
            header.set_size(*size);
            header.set_mode(0o644);
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            bytes.extend(header.as_bytes());
            bytes.extend(*content);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        bytes
    }

    fn exceeded(layer: &[u8], bounds: Bounds) -> Option<Exceeded> {
        match read_within(layer, bounds) {
            Err(LayerError::Limit(exceeded)) => Some(exceeded),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        }
    }

    /// A bomb is one in every compression (threat model, row 86).
    #[test]
    fn bombs_and_crowds() {
        let many: Vec<_> = (0..100).map(|_| ("etc/x", b'0', 0, &b""[..])).collect();
        let wide = tar_of(&[("var/log/x", b'0', 1 << 20, &[0; 1 << 20])]);
        for (bounds, expected) in [
            (Bounds { bytes: 1 << 22, entries: 100 }, [None, None]),
            (
                Bounds { bytes: 1 << 19, entries: 99 },
                [Some("the number of entries"), Some("the layer, unpacked, in bytes,")],
            ),
        ] {
            for (tar, expected) in [tar_of(&many), wide.clone()].into_iter().zip(expected) {
                for layer in [tar.clone(), gzip(&tar), zstd(&tar)] {
                    assert_eq!(exceeded(&layer, bounds).map(|exceeded| exceeded.what), expected);
                }
            }
        }
    }

    const ALL: Bounds = Bounds { bytes: limits::LAYER_BYTES, entries: limits::LAYER_ENTRIES };

    /// What stands before an entry is kept by the parser: names of GNU tar and attributes of pax, which could be all that
    /// a layer has (threat model, row 86).
    #[test]
    fn heads_that_are_longer_than_a_name() {
        let most = limits::ENTRY_HEAD_BYTES;
        for kind in [b'L', b'K', b'x'] {
            for (before, after) in [(0, most + 1), (3 << 20, most + 1), (0, 1 << 40)] {
                let content = vec![b'a'; usize::try_from(after.min(2 * most)).unwrap()];
                let entries: [(&str, u8, u64, &[u8]); 3] = [
                    ("var/x", b'0', before, &vec![0; usize::try_from(before).unwrap()]),
                    ("long", kind, after, &content),
                    ("etc/y", b'0', 0, b""),
                ];
                let got = exceeded(&gzip(&tar_of(&entries)), ALL);
                let expected = Exceeded { what: "the head of an entry, in bytes,", limit: most };
                assert_eq!(got, Some(expected), "{}: {before} {after}", char::from(kind));
            }
        }
        // A long name, a large file that is passed over: nothing that should not be there.
        let name = "a/".repeat(400);
        let large = vec![0; 3 << 20];
        let fine: [(&str, u8, u64, &[u8]); 4] = [
            ("var/x", b'0', 3 << 20, &large),
            ("long", b'L', name.len() as u64, name.as_bytes()),
            ("etc/y", b'0', 3 << 20, &large),
            ("etc/z", b'0', 0, b""),
        ];
        assert_eq!(exceeded(&tar_of(&fine), ALL), None);
    }

    /// Holes in a file are unpacked where it is looked into, and take no room in the layer (threat model, row 86).
    #[test]
    fn files_that_are_holes() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::GNUSparse);
        header.set_size(0);
        header.set_mode(0o755);
        header.set_path("app/x.jar").unwrap();
        let gnu = header.as_gnu_mut().unwrap();
        let size: u64 = 64 << 20;
        gnu.sparse[0].offset[..11].copy_from_slice(format!("{size:011o}").as_bytes());
        gnu.sparse[0].numbytes[..11].copy_from_slice(format!("{:011o}", 0).as_bytes());
        gnu.realsize[..11].copy_from_slice(format!("{size:011o}").as_bytes());
        header.set_cksum();
        let layer = header.as_bytes().repeat(20);
        let bounds = Bounds { bytes: 100 << 20, entries: 100 };
        let expected = Exceeded { what: "what is looked into, in bytes,", limit: 100 << 20 };
        assert_eq!(exceeded(&layer, bounds), Some(expected));
    }

    /// What a pax header says of a size and a name holds, and leads nowhere it should not (threat model, row 86).
    #[test]
    fn attributes_that_lie() {
        let os: &[u8] = b"ID=debian\n";
        let pax = |key: &str, value: &str| {
            let length = key.len() + value.len() + 3;
            let length = length + (length + 2).to_string().len();
            format!("{length} {key}={value}\n")
        };
        let read_with = |attribute: &str, size: u64| {
            let entries = [
                ("x", b'x', attribute.len() as u64, attribute.as_bytes()),
                ("etc/os-release", b'0', size, os),
                ("usr/lib/os-release", b'0', os.len() as u64, os),
            ];
            read(&*tar_of(&entries))
        };
        let both = ["/etc/os-release", "/usr/lib/os-release"];
        let found = |layer: &Layer| layer.found.keys().cloned().collect::<Vec<_>>();
        assert_eq!(found(&read_with(&pax("size", "10"), 1 << 30).unwrap()), both);
        let outside = read_with(&pax("path", "../etc/os-release"), 10).unwrap();
        assert_eq!(
            (found(&outside), outside.incomplete.len()),
            (both[1..].iter().map(|path| (*path).into()).collect(), 1)
        );
        let odd = read_with(&pax("path", "etc/\u{1b}[31m\u{202e}\0.jar"), 10).unwrap();
        assert_eq!(
            (found(&odd), odd.incomplete.len()),
            (both[1..].iter().map(|path| (*path).into()).collect(), 0)
        );
        let broken = read_with(&pax("path", "etc/a\nb"), 10).unwrap();
        assert_eq!(broken.incomplete[0].path, both[0]);
        for size in ["18446744073709551615", "9223372036854775807", "1099511627776"] {
            assert_eq!(read_with(&pax("size", size), 10).unwrap_err().code(), "LAYER_UNREADABLE", "{size}");
        }
    }

    /// A layer that ends too soon is no layer, wherever it ends; a tar alone may end after any entry (threat model,
    /// row 86).
    #[test]
    fn truncated_anywhere() {
        let tar = layer();
        let whole = read(&*tar).unwrap();
        for packed in [gzip(&tar), zstd(&tar)] {
            for end in 1..packed.len() {
                assert!(read(&packed[..end]).is_err(), "{end} of {}", packed.len());
            }
        }
        for end in 512..tar.len() {
            match read(&tar[..end]) {
                Ok(layer) => assert!(
                    (end % 512 == 0 || end > tar.len() - 512) && layer.found.len() <= whole.found.len(),
                    "{end}"
                ),
                Err(error) => assert_eq!(error.code(), "LAYER_UNREADABLE", "{end}"),
            }
        }
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

    /// What links hide is named, where what they lead to is not looked at where it lies (threat model, row 95).
    #[test]
    fn links_that_hide_databases_are_named() {
        for (path, kind, target, named) in [
            ("var/lib/dpkg", EntryType::Symlink, "../../opt/db", true),
            ("var/lib/dpkg/status", EntryType::Symlink, "/opt/db/s", true),
            ("var/lib/dpkg/status", EntryType::Link, "opt/db/s", true),
            ("lib", EntryType::Symlink, "elsewhere", true),
            ("app/node_modules/x/package.json", EntryType::Symlink, "y", true),
            // These lead to what is looked at.
            ("lib", EntryType::Symlink, "usr/lib", false),
            ("etc/os-release", EntryType::Symlink, "../usr/lib/os-release", false),
            ("var/lib/rpm", EntryType::Symlink, "../../usr/lib/sysimage/rpm", false),
            ("usr/lib/libx.so.1", EntryType::Symlink, "libx.so.1.2", false),
            ("usr/bin/python3", EntryType::Symlink, "python3.11", false),
            ("opt/x", EntryType::Symlink, "../../../y", false),
        ] {
            let mut builder = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_mode(0o777);
            builder.append_link(&mut header, path, target).unwrap();
            let layer = read(&*builder.into_inner().unwrap()).unwrap();
            assert_eq!(!layer.incomplete.is_empty(), named, "{path} -> {target}: {:?}", layer.incomplete);
        }
    }

    /// Names that are no text look the same, whiteouts of nothing hide nothing, and a directory takes the place of a file
    /// (threat model, row 95).
    #[test]
    fn names_that_hide_others() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |name: &[u8], kind: EntryType, content: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.as_old_mut().name[..name.len()].copy_from_slice(name);
            header.set_cksum();
            builder.append(&header, content).unwrap();
        };
        for name in [&b"node_modules/\xff/package.json"[..], b"node_modules/\xfe/package.json"] {
            add(name, EntryType::Regular, b"{\"name\": \"a\", \"version\": \"1\"}");
        }
        add(b"\xff.txt", EntryType::Regular, b"");
        add(b".wh.", EntryType::Regular, b"");
        add(b"etc/os-release", EntryType::Directory, b"");
        let layer = read(&*builder.into_inner().unwrap()).unwrap();
        assert_eq!(layer.incomplete.len(), 3, "{:?}", layer.incomplete);
        let mut tree = crate::tree::Tree::default();
        let mut below = Layer::default();
        for path in ["/etc/os-release", "/etc/os-release/x", "/opt/y"] {
            below.found.insert(path.to_owned(), Vec::new());
        }
        tree.lay(None, below);
        tree.lay(None, layer);
        assert_eq!(tree.found.keys().collect::<Vec<_>>(), ["/etc/os-release/x", "/opt/y"]);
    }
}
