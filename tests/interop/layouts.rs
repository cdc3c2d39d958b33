//! Images saved in directories, and loaded from them. The images are those that the registry's table has signed.

use testkit::servers::Server;

use crate::Bench;
use crate::made::KeyKind;
use crate::page::{Cell, Table};
use crate::peers::{Cosign, Format, line};

pub const INTRODUCTION: &str = "\
`cosign save` to `countersign verify --local-image` and to `countersign load`; `countersign save` to `cosign verify
--local-image` and to `cosign load`, which `countersign verify` then looks at. All with cosign 3, on images that
countersign signed.";

const HEAD: [&str; 6] = [
    "Key, format",
    "cosign 3 saves, verifies the directory itself",
    "cosign 3 saves, countersign verifies the directory",
    "cosign 3 saves, countersign loads and verifies",
    "countersign saves, cosign 3 verifies the directory",
    "countersign saves, cosign 3 loads, countersign verifies",
];

pub fn table(bench: &Bench, server: &Server) -> Table {
    Table::of_all(&HEAD, |kind, format| row(bench, server, kind, format))
}

fn row(bench: &Bench, server: &Server, kind: KeyKind, format: Format) -> Vec<Cell> {
    let name = format!("{}-{}", kind.slug(), format.name());
    let image = |who: &str| format!("{}/{who}/{name}:v1", server.host());
    let (_, public) = kind.theirs();
    let cosign = |words: &[&str]| bench.sandbox.run(bench.peers.cosign(Cosign::Three), words);
    let directory = format!("saved-by-cosign-{name}");
    // What countersign signed, since cosign does not sign with every key.
    let save = cosign(&["save", "--allow-http-registry", "--dir", &directory, &image("ours")]);
    let mut cells = match save.code {
        Some(0) => {
            let own = local(bench, &public, &directory);
            let ours = bench.sandbox.countersign(["verify", "--key", &public, "--local-image", &directory]);
            let target = image("loaded-by-us");
            let load = ["load", "--allow-http-registry", "--dir", &directory, &target];
            vec![own, Cell::of_ours(&ours), loaded(bench, &load, &public, &target, true)]
        }
        _ => vec![Cell::of_theirs(&save), Cell::None, Cell::None],
    };
    let directory = format!("saved-by-us-{name}");
    let save =
        bench.sandbox.countersign(["save", "--allow-http-registry", "--dir", &directory, &image("ours")]);
    if save.code != Some(0) {
        cells.extend([Cell::red(&save), Cell::None]);
        return cells;
    }
    cells.push(match (local(bench, &public, &directory), &cells[0]) {
        (Cell::No(why), own) if own.is_yes() => Cell::Red(format!("of its own yes, of ours: {why}")),
        (cell, _) => cell,
    });
    let target = image("loaded-by-cosign");
    let load = ["load", "--allow-http-registry", "--dir", &directory, &target];
    cells.push(loaded(bench, &load, &public, &target, false));
    cells
}

fn local(bench: &Bench, public: &str, directory: &str) -> Cell {
    let words = ["verify", "--key", public, "--local-image", directory];
    let words = line(&words, Cosign::Three.verify_flags());
    Cell::of_theirs(&bench.sandbox.run(bench.peers.cosign(Cosign::Three), words))
}

/// Loads, and verifies what was loaded with ours.
fn loaded(bench: &Bench, load: &[&str], public: &str, target: &str, by_us: bool) -> Cell {
    let run = match by_us {
        true => bench.sandbox.countersign(load),
        false => bench.sandbox.run(bench.peers.cosign(Cosign::Three), load),
    };
    match run.code {
        Some(0) => {
            let verify = ["verify", "--allow-http-registry", "--key", public, target];
            Cell::of_ours(&bench.sandbox.countersign(verify))
        }
        _ => Cell::red(&run),
    }
}
