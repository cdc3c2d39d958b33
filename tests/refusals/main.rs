//! Every code of a refusal, reached by the program through real bytes.
//!
//! The table is the list of cases: a code, a name, how the bytes are arranged, what is asked. Each ends with exit
//! code 1, never with another, and says its code on standard error or in the report.

mod cases;

use countersign_core::verify::RefusalCode;
use testkit::{Run, Scene};

use cases::{CASES, Case};

#[test]
fn every_case_is_refused_with_its_code() {
    std::thread::scope(|scope| {
        for cases in CASES.chunks(CASES.len().div_ceil(4)) {
            scope.spawn(|| cases.iter().for_each(refused));
        }
    });
}

fn refused(case: &Case) {
    let Case { code, name, arrange, ask } = case;
    let scene = Scene::default();
    scene.sandbox.key("b");
    arrange(&scene);
    let run = scene.countersign(ask).ends(1);
    let code = code.as_str();
    assert!(run.stderr.contains(&format!("[{code}]")), "{name}: no [{code}] in: {}", run.stderr);
    assert!(run.stdout.is_empty(), "{name}: {}", run.stdout);
    if ask[0] == "verify" {
        reported(name, code, &scene.countersign(&[ask, &["-o", "report"][..]].concat()).ends(1));
    }
}

/// The report has the code as well: of the whole, or of one artifact.
fn reported(name: &str, code: &str, run: &Run) {
    let report = run.json();
    assert_eq!(report["outcome"], "refused", "{name}");
    let image = &report["images"][0];
    let each =
        ["refused", "ignored"].into_iter().flat_map(|part| image[part].as_array().into_iter().flatten());
    let mut codes = each.map(|artifact| &artifact["code"]).chain([&image["refusal"]["code"]]);
    assert!(codes.any(|found| found == code), "{name}: no {code} in {report}");
}

#[test]
fn every_code_has_a_case() {
    for code in RefusalCode::ALL {
        assert!(CASES.iter().any(|case| case.code == code), "no case for {}", code.as_str());
    }
}
