//! What layers showed, kept by their digests: of an image that is built anew only the new layers are read.
//!
//! A layer's digest decides its bytes, and its bytes decide what it shows; so nothing that is kept grows old, but for the
//! program itself: each revision of this library keeps its own, and what no revision has used for a month goes. What is kept is as trustworthy as the folder it lies in:
//! a folder or a file that is another user's, or that others can write, is not used. A file that cannot be read, or is
//! damaged, counts as one that is not there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use countersign_core::digest::Digest;
use countersign_core::file::{self, FileError, Mode, Overwrite};

use crate::layer::Layer;
use crate::limits;

/// The revision of this library, of all its sources.
const REVISION: &str = env!("COUNTERSIGN_SBOM_REVISION");

/// A folder of layers that were read.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Bytes that all that is kept may have.
    most: u64,
}

impl Cache {
    /// Keeps layers in a folder, which is made when the first is kept.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.join(REVISION), most: limits::CACHE_BYTES }
    }

    /// What a layer showed, if that was kept.
    pub fn get(&self, digest: &Digest) -> Option<Layer> {
        let file = self.file(digest);
        if !(is_own(&self.folder) && is_own(&file)) {
            return None;
        }
        let bytes = file::read_bounded(&file, limits::CACHE_BYTES).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps what a layer showed, and makes room for it: what was kept first goes first.
    ///
    /// # Errors
    /// When it cannot be written. Nothing else depends on it.
    pub fn put(&self, digest: &Digest, layer: &Layer) -> Result<(), FileError> {
        let failed = |source| FileError::Io { path: self.folder.clone(), source };
        let bytes = serde_json::to_vec(layer).map_err(|error| failed(io::Error::other(error)))?;
        let size = bytes.len() as u64;
        if size > self.most {
            return Ok(());
        }
        match fs::symlink_metadata(&self.folder) {
            Ok(there) if there.is_dir() => {}
            // What would be removed from behind a link, to make room, is not ours.
            Ok(_) => return Err(failed(io::Error::other("is no folder"))),
            Err(_) => self.begin().map_err(failed)?,
        }
        make_room(&self.folder, self.most - size).map_err(failed)?;
        file::write_atomic(&self.file(digest), &bytes, Mode::Private0600, Overwrite::Replace)
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}-{}.json", digest.algorithm().name(), digest.hex()))
    }

    /// Makes the folder, and removes those of other revisions that are out of use: two programs may take turns.
    fn begin(&self) -> io::Result<()> {
        if let Some(parent) = self.folder.parent().filter(|parent| parent.is_dir()) {
            for entry in fs::read_dir(parent)? {
                let entry = entry?;
                let ours = entry.file_type()?.is_dir() && entry.path() != self.folder;
                if ours && is_revision(&entry.file_name().to_string_lossy()) && is_out_of_use(&entry) {
                    unless_gone(fs::remove_dir_all(entry.path()))?;
                }
            }
        }
        create_private(&self.folder)
    }
}

/// Whether nothing was kept in a folder for [`limits::CACHE_UNUSED`].
fn is_out_of_use(folder: &fs::DirEntry) -> bool {
    let modified = folder.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > limits::CACHE_UNUSED))
}

/// Makes a folder that only its owner can enter.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether this is of the user who runs the program, and nobody else can write it.
#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).is_ok_and(|metadata| {
        metadata.uid() == rustix::process::geteuid().as_raw()
            && metadata.mode() & 0o022 == 0
            && !metadata.is_symlink()
    })
}

#[cfg(not(unix))]
fn is_own(path: &Path) -> bool {
    path.exists()
}

/// Whether a folder is of a revision of this library, and of nobody else.
fn is_revision(name: &str) -> bool {
    name.len() == REVISION.len() && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Another process may have removed the same.
fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes what is oldest until no more than so many bytes are left.
fn make_room(folder: &Path, most: u64) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // What has another name is still being written, by another process.
        let is_kept = entry.path().extension().is_some_and(|extension| extension == "json");
        if let (true, Ok(metadata)) = (is_kept, entry.metadata()) {
            kept.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len(), entry.path()));
        }
    }
    kept.sort();
    let mut bytes: u64 = kept.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in kept {
        if bytes <= most {
            break;
        }
        unless_gone(fs::remove_file(path))?;
        bytes -= size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Ecosystem, Fact, Package};
    use crate::inventory::Incomplete;

    fn layer(name: &str) -> Layer {
        let mut package = Package::new(Ecosystem::Deb, name, "1.0");
        package.files = vec!["/x".repeat(2000)];
        let facts =
            vec![Fact::Package(package), Fact::Owns { package: name.into(), files: vec!["/y".into()] }];
        Layer {
            found: [("/var/lib/dpkg/status".to_owned(), facts)].into(),
            incomplete: vec![Incomplete { path: "/z".into(), why: "torn".into() }],
            links: [("/lib".to_owned(), "/usr/lib".to_owned())].into(),
            hides: vec!["/a\nb".into()],
            directories: vec!["/c".into()],
            empties: vec!["/".into()],
        }
    }

    #[test]
    fn what_was_kept_is_had_again_until_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(&folder.path().join("layers"));
        let digest = Digest::sha256(b"1");
        assert_eq!(cache.get(&digest), None);
        cache.put(&digest, &layer("a")).unwrap();
        assert_eq!(cache.get(&digest), Some(layer("a")));
        assert_eq!(cache.get(&Digest::sha256(b"2")), None);
        let file = cache.file(&digest);
        fs::write(&file, &fs::read(&file).unwrap()[1..]).unwrap();
        assert_eq!(cache.get(&digest), None);
    }

    /// What somebody else could have written proves nothing (threat model, row 96).
    #[test]
    #[cfg(unix)]
    fn what_others_can_write_is_not_used() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(&folder.path().join("layers"));
        let digest = Digest::sha256(b"1");
        cache.put(&digest, &layer("a")).unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(fs::metadata(&cache.folder).unwrap().permissions().mode() & 0o777, 0o700);
        for (path, private) in [(cache.folder.clone(), 0o700), (cache.file(&digest), 0o600)] {
            for shared in [0o770, 0o702] {
                mode(&path, shared);
                assert_eq!(cache.get(&digest), None, "{} {shared:o}", path.display());
            }
            mode(&path, private);
            assert!(cache.get(&digest).is_some());
        }
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(cache.file(&digest), &elsewhere).unwrap();
        symlink(&elsewhere, cache.file(&digest)).unwrap();
        assert_eq!(cache.get(&digest), None);
    }

    #[test]
    fn what_was_kept_first_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { most: 10_000, ..Cache::at(folder.path()) };
        let others = [("0123456789abcdef", 31), ("fedcba9876543210", 29)].map(|(name, days)| {
            let other = folder.path().join(name);
            fs::create_dir(&other).unwrap();
            let age = std::time::Duration::from_secs(days * 24 * 60 * 60);
            fs::File::open(&other).unwrap().set_modified(SystemTime::now() - age).unwrap();
            other
        });
        for name in ["1", "2", "3"] {
            cache.put(&Digest::sha256(name.as_bytes()), &layer(name)).unwrap();
            let age = std::time::Duration::from_secs(60 * (4 - name.parse::<u64>().unwrap()));
            let file =
                fs::File::options().write(true).open(cache.file(&Digest::sha256(name.as_bytes()))).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        assert_eq!(others.map(|other| other.exists()), [false, true]);
        let kept = ["1", "2", "3"].map(|name| cache.get(&Digest::sha256(name.as_bytes())).is_some());
        assert_eq!(kept, [false, true, true]);
        // What is too large on its own is not kept, and takes nothing along.
        let mut large = layer("4");
        large.hides = vec!["x".repeat(10_000)];
        cache.put(&Digest::sha256(b"4"), &large).unwrap();
        assert!(cache.get(&Digest::sha256(b"3")).is_some());
    }

    /// What is in the folder and is no layer that was kept counts as not there (threat model, row 89).
    #[test]
    fn whatever_lies_there_is_no_layer() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let digest = Digest::sha256(b"1");
        cache.put(&digest, &layer("a")).unwrap();
        let deep = format!("{{\"found\":{}", "[".repeat(1 << 20));
        for content in ["", "{", "null", "[]", "{}", "\0", &deep, "{\"found\":{\"/x\":[{\"fact\":\"y\"}]}}"] {
            fs::write(cache.file(&digest), content).unwrap();
            assert_eq!(cache.get(&digest), None, "{}", &content[..content.len().min(20)]);
        }
        cache.put(&digest, &layer("b")).unwrap();
        assert_eq!(cache.get(&digest), Some(layer("b")));
    }

    /// Nothing is written, and nothing removed to make room, behind a link (threat model, row 89).
    #[cfg(unix)]
    #[test]
    fn a_link_is_no_folder() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
        fs::create_dir(&theirs).unwrap();
        fs::create_dir(&ours).unwrap();
        fs::write(theirs.join("letter"), vec![0; 10_000]).unwrap();
        let digest = Digest::sha256(b"1");
        let cache = Cache { most: 5000, ..Cache::at(&ours) };
        symlink(&theirs, &cache.folder).unwrap();
        assert!(cache.put(&digest, &Layer::default()).unwrap_err().to_string().contains("is no folder"));
        fs::remove_file(&cache.folder).unwrap();
        // One with the name of another revision goes to where nothing is removed either.
        symlink(&theirs, ours.join("0123456789abcdef")).unwrap();
        cache.put(&digest, &Layer::default()).unwrap();
        fs::remove_file(cache.file(&digest)).unwrap();
        symlink(theirs.join("letter"), cache.file(&digest)).unwrap();
        assert!(cache.put(&digest, &Layer::default()).unwrap_err().to_string().contains("symbolic link"));
        assert_eq!(fs::read(theirs.join("letter")).unwrap(), vec![0; 10_000]);
    }

    /// Several at once: each finds what it kept, or what is as good, and none fails (threat model, row 89).
    #[test]
    fn several_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { most: 30_000, ..Cache::at(folder.path()) };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..50_u8 {
                        let digest = Digest::sha256(&[number % 8]);
                        cache.put(&digest, &layer("a")).unwrap();
                        assert!(cache.get(&digest).is_none_or(|kept| kept == layer("a")));
                    }
                });
            }
        });
    }
}
