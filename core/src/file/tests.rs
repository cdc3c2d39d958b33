use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::*;

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_written_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    write_atomic(&path, b"one", Mode::Private0600, Overwrite::Never).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    write_atomic(&path, b"two", Mode::Default, Overwrite::Replace).unwrap();
    assert_eq!(read_bounded(&path, 3).unwrap(), b"two");
    assert_eq!(names(directory.path()), ["a"]);
}

/// threat model, row 32.
#[test]
fn nothing_is_overwritten_unasked_and_no_link_is_followed() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("there"), "old").unwrap();
    fs::create_dir(at("directory")).unwrap();
    symlink(at("there"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    for (name, overwrite, code) in [
        ("there", Overwrite::Never, "FILE_EXISTS"),
        ("link", Overwrite::Replace, "FILE_SYMLINK"),
        ("dangling", Overwrite::Never, "FILE_SYMLINK"),
        ("directory", Overwrite::Replace, "FILE_NOT_REGULAR"),
        ("missing/file", Overwrite::Replace, "FILE_IO"),
        ("..", Overwrite::Replace, "FILE_NO_NAME"),
    ] {
        let error = write_atomic(&at(name), b"new", Mode::Default, overwrite).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        let text = error.to_string();
        assert!(text.contains(name) && !text.contains(".countersign-"), "{text}");
    }
    assert_eq!(fs::read(at("there")).unwrap(), b"old");
    assert_eq!(names(directory.path()), ["dangling", "directory", "link", "there"]);
}

#[test]
fn of_many_writers_one_creates_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let won = std::thread::scope(|scope| {
        let write = |n: u8| write_atomic(&path, &[n; 100_000], Mode::Private0600, Overwrite::Never).is_ok();
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || write(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() == 100_000 && bytes.iter().all(|byte| *byte == bytes[0]));
    assert_eq!(names(directory.path()), ["key"]);
}

#[test]
fn what_is_dropped_was_never_there() {
    let directory = tempfile::tempdir().unwrap();
    let mut file =
        AtomicFile::create(&directory.path().join("a"), Mode::Default, Overwrite::Replace).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[test]
fn only_regular_files_within_the_limit_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::write(at("four"), "1234").unwrap();
    symlink(at("four"), at("link")).unwrap();
    for (path, code) in [
        (at("pipe"), "FILE_NOT_REGULAR"),
        (at("socket"), "FILE_NOT_REGULAR"),
        (at("."), "FILE_NOT_REGULAR"),
        ("/dev/zero".into(), "FILE_NOT_REGULAR"),
        (at("four"), "LIMIT_FILE"),
        (at("missing"), "FILE_IO"),
        // Regular, and of size 0 by its metadata.
        ("/proc/self/status".into(), "LIMIT_FILE"),
    ] {
        assert_eq!(read_bounded(&path, 3).unwrap_err().code(), code, "{}", path.display());
    }
    assert_eq!(read_bounded(&at("link"), 4).unwrap(), b"1234");
}

/// threat model, row 30: of files that belong together, none is there when one cannot be.
#[test]
fn files_that_belong_together_are_written_together() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (good, bad, other) = (at("good"), at("nowhere/bad"), at("other"));
    let pair = [(good.as_path(), &b"1"[..], Mode::Private0600), (bad.as_path(), b"2", Mode::Default)];
    assert_eq!(write_together(&pair, Overwrite::Never).unwrap_err().code(), "FILE_IO");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let pair = [pair[0], (other.as_path(), b"2", Mode::Default)];
    write_together(&pair, Overwrite::Never).unwrap();
    assert_eq!((fs::read(&good).unwrap(), fs::read(&other).unwrap()), (b"1".to_vec(), b"2".to_vec()));
}

/// threat model, row 78: what is opened below a directory is in it, even when it was changed after it was looked at.
#[test]
fn nothing_is_opened_through_a_link_or_waited_for() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("root");
    fs::create_dir_all(root.join("folder")).unwrap();
    fs::write(outer.path().join("secret"), "s").unwrap();
    fs::write(root.join("folder/file"), "f").unwrap();
    symlink(outer.path().join("secret"), root.join("link")).unwrap();
    symlink(outer.path(), root.join("out")).unwrap();
    symlink(root.join("folder"), root.join("in")).unwrap();
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
    let open = |names: &[&str], how| open_below(&root, names, how);
    for how in [Open::Read, Open::Lock] {
        assert!(open(&["folder", "file"], how).unwrap().metadata().unwrap().is_file());
        for names in [&["link"][..], &["out", "secret"], &["in", "file"], &["folder", "file", "x"], &[]] {
            assert!(open(names, how).is_err(), "{names:?}");
        }
        assert!(!open(&["pipe"], how).unwrap().metadata().unwrap().is_file());
    }
    assert_eq!(open(&["new"], Open::Read).unwrap_err().kind(), io::ErrorKind::NotFound);
    open(&["new"], Open::Lock).unwrap();
    // The directory itself may be a link: it is the caller's word.
    symlink(&root, outer.path().join("alias")).unwrap();
    assert!(open_below(&outer.path().join("alias"), &["folder", "file"], Open::Read).is_ok());
}
