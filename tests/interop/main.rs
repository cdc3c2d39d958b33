//! The interop matrix: every kind of key, in both formats, in every registry and in directories, signed by each
//! program and verified by the others. What was measured is written to `docs/interop.md`; the run fails when that page
//! says anything else. `UPDATE=1` writes it anew.
//!
//! Where cosign cannot read its own signatures by some kind of key, which is measured in the same run, `openssl`
//! verifies ours over the exact bytes that were signed.

mod attestations;
mod blobs;
mod images;
mod layouts;
mod made;
mod openssl;
mod page;
mod peers;

use std::sync::Mutex;

use testkit::Sandbox;
use testkit::servers::{Kind, Server};

use made::Keys;
use page::Page;
use peers::Peers;

/// What all cells share.
struct Bench {
    sandbox: Sandbox,
    peers: Peers,
    keys: Keys,
}

#[test]
fn what_each_program_signs_the_others_verify() {
    let Some(peers) = Peers::find() else { return };
    let Some(servers) = Kind::ALL.into_iter().map(Server::start).collect::<Option<Vec<_>>>() else { return };
    let sandbox = Sandbox::new();
    peers.prepare(&sandbox);
    let keys = Keys::make(&sandbox, &peers);
    let bench = Bench { sandbox, peers, keys };
    let mut page = Page::new(&bench);
    page.section("Keys", made::INTRODUCTION, bench.keys.table());
    for server in &servers {
        let title = format!("Images in a registry: {}", server.kind.name());
        page.section(&title, images::INTRODUCTION, images::table(&bench, server));
    }
    let crane = servers.iter().find(|server| server.kind == Kind::Crane).expect("all kinds run");
    page.section("Images in a directory", layouts::INTRODUCTION, layouts::table(&bench, crane));
    page.section("Files", blobs::INTRODUCTION, blobs::table(&bench));
    for server in servers.iter().filter(|server| matches!(server.kind, Kind::Crane | Kind::Referrers)) {
        let title = format!("Attestations of images: {}", server.kind.name());
        page.section(&title, attestations::IMAGES, attestations::images(&bench, server));
    }
    page.section("Attestations of files", attestations::FILES, attestations::files(&bench));
    page.check();
}

/// Runs `work` on every item, a few at a time, and gives the results in the items' order.
fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    const AT_ONCE: usize = 4;
    let next = Mutex::new(0..items.len());
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().expect("the queue").next();
                    let Some(number) = taken else { return };
                    let result = work(&items[number]);
                    done.lock().expect("the results").push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("the results");
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
