//! Images in registries.

use testkit::servers::Server;

use crate::made::KeyKind;
use crate::page::{Cell, Table};
use crate::peers::{Cosign, Format, line};
use crate::{Bench, openssl};

pub const INTRODUCTION: &str = "\
For each cosign: whether it verifies what it signed itself, whether countersign verifies that, and whether cosign
verifies what countersign signed.";

/// The columns of each table in which both programs sign.
pub const HEAD: [&str; 7] = [
    "Key, format",
    "cosign 3, its own",
    "cosign 3 to countersign",
    "countersign to cosign 3",
    "cosign 2, its own",
    "cosign 2 to countersign",
    "countersign to cosign 2",
];

pub fn table(bench: &Bench, server: &Server) -> Table {
    Table::of_all(&HEAD, |kind, format| row(bench, server, kind, format))
}

fn row(bench: &Bench, server: &Server, kind: KeyKind, format: Format) -> Vec<Cell> {
    let repository = |signer: &str| format!("{}/{signer}/{}-{}", server.host(), kind.slug(), format.name());
    let signed = bench.peers.push(&bench.sandbox, &repository("ours"));
    let (key, _) = kind.theirs();
    let sign = ["sign", "--allow-http-registry", "--key", &key, "--format", format.name(), &signed];
    let sign = bench.sandbox.countersign(sign);
    if sign.code != Some(0) {
        return vec![Cell::red(&sign); HEAD.len() - 1];
    }
    Cosign::ALL
        .into_iter()
        .flat_map(|cosign| {
            let theirs = bench.peers.push(&bench.sandbox, &repository(cosign.short()));
            let [own, read] = signed_by(bench, cosign, kind, format, &theirs);
            let ours = verified_by(bench, cosign, kind, format, &signed, &own);
            [own, read, ours]
        })
        .collect()
}

/// What cosign signs: read by cosign, and by us.
fn signed_by(bench: &Bench, cosign: Cosign, kind: KeyKind, format: Format, image: &str) -> [Cell; 2] {
    let (key, public) = kind.ours();
    let words = ["sign", "--allow-http-registry", "--key", &key, image];
    let sign = bench.sandbox.run(bench.peers.cosign(cosign), line(&words, cosign.sign_flags(format)));
    if sign.code != Some(0) {
        return [Cell::of_theirs(&sign), Cell::None];
    }
    let own = verify(bench, cosign, &public, image);
    let verify = ["verify", "--allow-http-registry", "--key", &public, image];
    [own, Cell::of_ours(&bench.sandbox.countersign(verify))]
}

/// What we sign: read by cosign; by openssl where cosign does not even read its own.
fn verified_by(
    bench: &Bench,
    cosign: Cosign,
    kind: KeyKind,
    format: Format,
    image: &str,
    own: &Cell,
) -> Cell {
    let (_, public) = kind.theirs();
    match (verify(bench, cosign, &public, image), own) {
        (yes @ Cell::Yes(_), _) => yes,
        (Cell::No(why), Cell::No(_)) => openssl::image(bench, image, kind, format, &why),
        (Cell::No(why), _) => Cell::Red(format!("{} verifies its own, not ours: {why}", cosign.name())),
        (other, _) => other,
    }
}

fn verify(bench: &Bench, cosign: Cosign, public: &str, image: &str) -> Cell {
    let words = ["verify", "--allow-http-registry", "--key", public, image];
    Cell::of_theirs(&bench.sandbox.run(bench.peers.cosign(cosign), line(&words, cosign.verify_flags())))
}
