//! threat model, rows 29 and 30: writers that are killed, and disks that are full.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::many_writers::{LAYOUT, ROLE, again};
use super::*;

const TEST: &str = "source::layout::tests::crash::child";

/// Kills that must hit a writer at work.
const KILLS: usize = 50;

/// Not a test of its own: writes referrers with a large layer each until it is killed, or `role` many of them. The
/// names of those that it was told are stored go to a file beside the layout.
#[test]
fn child() {
    let (Ok(role), Ok(path)) = (std::env::var(ROLE), std::env::var(LAYOUT)) else { return };
    let layout = Layout::open(Path::new(&path)).unwrap();
    let image = wait(layout.manifest(&tag("v1"))).unwrap().unwrap();
    let promised = Path::new(&path).with_extension("promised");
    let mut file = fs::File::options().append(true).create(true).open(promised).unwrap();
    let (start, count) = role.split_once('+').unwrap();
    let start: usize = start.parse().unwrap();
    for number in start..start + count.parse::<usize>().unwrap() {
        let note = format!("{number} {}", "x".repeat(100_000));
        let layer = put_blob(&layout, media_type::OCI_LAYER, note.as_bytes());
        let (raw, (config, bytes)) = layered(vec![layer], None, media_type::OCI_MANIFEST).unwrap();
        wait(layout.put_blob(&config, BlobContent::from(bytes), None)).unwrap();
        let mut document = raw.parse().unwrap().manifest().unwrap().clone();
        document.subject = Some(image.descriptor());
        document.annotations = Some([("note".into(), number.to_string())].into());
        let referrer = RawManifest::write(media_type::OCI_MANIFEST, &document).unwrap();
        wait(layout.put_referrer(&image.digest, &referrer)).unwrap();
        std::io::Write::write_all(&mut file, format!("{number}\n").as_bytes()).unwrap();
    }
}

/// Everything that was promised is there, and everything that is there is whole.
fn assert_sound(path: &Path, image: &RawManifest) -> usize {
    let layout = Layout::open(path).unwrap();
    let notes = notes(&layout, image);
    let promised = fs::read_to_string(path.with_extension("promised")).unwrap_or_default();
    for note in promised.lines() {
        assert!(notes.iter().any(|known| known == note), "{note} was lost");
    }
    for (digest, size) in layout.directory.blobs().unwrap() {
        let whole = wait(layout.blob(&Descriptor::new("", digest, size), u64::MAX));
        assert!(whole.is_ok(), "{whole:?}");
    }
    notes.len()
}

#[test]
fn a_writer_that_is_killed_at_any_point_damages_nothing() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let (mut killed, mut stored, started) = (0, 0, Instant::now());
    let mut round = 0;
    while killed < KILLS || stored <= KILLS / 4 {
        assert!(started.elapsed() < Duration::from_secs(240), "only {killed} kills and {stored} referrers");
        let mut child = again(TEST, &format!("{}+1000", round * 1000), layout.path()).spawn().unwrap();
        round += 1;
        // Any point will do; the clock's last digits choose it, later and later where the machine is slow.
        let entropy = u64::from(started.elapsed().subsec_nanos());
        sleep(Duration::from_micros(5_000 + entropy % (45_000 + 1_000 * round)));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal() == Some(9));
        stored = assert_sound(layout.path(), &image).max(stored);
    }
    // Another writer goes on, and removes what the killed ones left.
    assert!(again(TEST, "9000000+1", layout.path()).status().unwrap().success());
    assert_eq!(assert_sound(layout.path(), &image), stored + 1);
    assert_eq!(leftovers(&layout), Vec::<PathBuf>::new());
}

/// A limit on the size of files stands for a disk that is full: the write of the layer fails in its middle.
#[test]
fn a_full_disk_is_an_error_and_damages_nothing() {
    for trap in ["trap '' XFSZ;", ""] {
        let (_directory, layout) = empty();
        let image = image(&layout, "v1");
        let whole = again(TEST, "0+1", layout.path());
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("{trap} ulimit -f 40; exec \"$0\" \"$@\"")).arg(whole.get_program());
        limited.args(whole.get_args());
        limited.envs(whole.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let output = limited.output().unwrap();
        assert!(!output.status.success());
        if !trap.is_empty() {
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(text.contains("FileTooLarge") || text.contains("File too large"), "{text}");
            assert_eq!(leftovers(&layout), Vec::<PathBuf>::new());
        }
        assert_eq!(assert_sound(layout.path(), &image), 0);
        assert!(again(TEST, "0+1", layout.path()).status().unwrap().success());
        assert_eq!(assert_sound(layout.path(), &image), 1);
        assert_eq!(leftovers(&layout), Vec::<PathBuf>::new());
    }
}

/// Root may write everywhere, so it becomes somebody else.
#[test]
fn a_directory_that_may_not_be_written_is_a_clear_error() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, layout) = empty();
    image(&layout, "v1");
    fs::remove_file(layout.path().join(".countersign.lock")).unwrap();
    for path in [directory.path(), layout.path()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o555)).unwrap();
    }
    let whole = again("source::layout::tests::many_writers::child", "other", layout.path());
    let root = fs::write(layout.path().join("probe"), "").is_ok();
    let mut other = Command::new(if root { "setpriv" } else { "env" });
    if root {
        fs::remove_file(layout.path().join("probe")).unwrap();
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    other.arg(whole.get_program()).args(whole.get_args());
    other.envs(whole.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = other.output().unwrap();
    fs::set_permissions(layout.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("setpriv:") {
        return println!("skipped: {text}");
    }
    assert!(!output.status.success());
    assert!(text.contains("the image layout cannot be written"), "{text}");
}
