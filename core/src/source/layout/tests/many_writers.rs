//! threat model, rows 27 and 28: many writers at once, tasks of one process and processes of their own.
//!
//! A process is this test binary run again: [`child`] is a test that does nothing unless it is told which one it is.

use std::process::{Child, Command, Stdio};

use super::*;

const WRITERS: usize = 24;

/// Which writer a process is, and where the layout is.
pub(super) const ROLE: &str = "COUNTERSIGN_TEST_WRITER";
pub(super) const LAYOUT: &str = "COUNTERSIGN_TEST_LAYOUT";

/// This test binary, about to run `test`.
pub(super) fn again(test: &str, role: &str, layout: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(LAYOUT, layout).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Adds one referrer and one legacy signature.
async fn sign(layout: &Layout, subject: &RawManifest, name: &str) {
    let layer = Descriptor::of(media_type::OCI_LAYER, name.as_bytes());
    let bytes = Bytes::copy_from_slice(name.as_bytes());
    layout.put_blob(&layer, BlobContent::from(bytes), None).await.unwrap();
    let (raw, (config, bytes)) = layered(vec![layer], None, media_type::OCI_MANIFEST).unwrap();
    layout.put_blob(&config, BlobContent::from(bytes), None).await.unwrap();
    let mut document = raw.parse().unwrap().manifest().unwrap().clone();
    let tag = Tag::attached(&subject.digest, ".sig");
    layout.add_to_tag(&tag, SharedTag::LegacyLayers, &raw).await.unwrap();
    document.subject = Some(subject.descriptor());
    document.annotations = Some([("note".into(), name.into())].into());
    let referrer = RawManifest::write(media_type::OCI_MANIFEST, &document).unwrap();
    layout.put_referrer(&subject.digest, &referrer).await.unwrap();
}

fn assert_complete(layout: &Layout, image: &RawManifest, expected: usize) {
    assert_eq!(notes(layout, image).len(), expected);
    let signatures = wait(layout.manifest(&Tag::attached(&image.digest, ".sig").into())).unwrap().unwrap();
    assert_eq!(signatures.parse().unwrap().manifest().unwrap().layers.len(), expected);
    assert_eq!(leftovers(layout), Vec::<PathBuf>::new());
}

#[test]
fn tasks_of_one_process_lose_nothing() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    wait(async {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..WRITERS {
            // Some share what they know of the layout, some do not.
            let layout = if number % 2 == 0 { layout.clone() } else { Layout::open(layout.path()).unwrap() };
            let image = image.clone();
            tasks.spawn(async move { sign(&layout, &image, &format!("task {number}")).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    });
    assert_complete(&layout, &image, WRITERS);
}

/// Not a test of its own.
#[test]
fn child() {
    let (Ok(role), Ok(path)) = (std::env::var(ROLE), std::env::var(LAYOUT)) else { return };
    let layout = Layout::create(Path::new(&path)).unwrap();
    // Every process makes the layout and the image too: nobody was there first.
    let image = image(&layout, "v1");
    wait(sign(&layout, &image, &role));
}

#[test]
fn processes_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/layout");
    let test = "source::layout::tests::many_writers::child";
    let start = |number| again(test, &format!("process {number}"), &path).spawn().unwrap();
    let children: Vec<Child> = (0..WRITERS).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let layout = Layout::open(&path).unwrap();
    let image = wait(layout.manifest(&tag("v1"))).unwrap().unwrap();
    assert_complete(&layout, &image, WRITERS);
}
