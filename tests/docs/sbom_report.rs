//! Real reports about SBOMs against `docs/sbom-report.schema.json`.

use serde_json::Value;
use testkit::{Run, Sandbox};

use crate::read;
use crate::report::faults;

/// Checks that a report follows the definition of its kind.
fn follows(kind: &str, run: Run) {
    let schema: Value = serde_json::from_str(&read("docs/sbom-report.schema.json")).expect("JSON");
    let (report, mut found) = (run.json(), Vec::new());
    faults(&schema, &schema["$defs"][kind], &report, "", &mut found);
    assert_eq!(found, Vec::<String>::new(), "{report}");
}

#[test]
fn reports_about_sboms_follow_the_schema() {
    let sandbox = Sandbox::new();
    for (name, version) in [("six", "1.16.0"), ("ply", "3.11")] {
        let folder = format!("root/usr/lib/python3/dist-packages/{name}-{version}.dist-info");
        std::fs::create_dir_all(sandbox.path(&folder)).expect("a folder");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n");
        sandbox.write(format!("{folder}/METADATA"), metadata);
    }
    let made = sandbox.countersign(["sbom", "generate", "root"]).succeeds().stdout;
    sandbox.write("true.json", &made);
    sandbox.write("lie.json", made.replace("3.11", "3.10").replace("pkg:pypi/six", "pkg:github/six"));
    let run = |code: i32, words: &[&str]| {
        sandbox.countersign(["sbom"].iter().chain(words).chain(&["-o", "json"])).ends(code)
    };
    follows("verification", run(0, &["verify", "true.json", "root"]));
    follows("verification", run(1, &["verify", "lie.json", "root"]));
    follows("verification", run(3, &["verify", "true.json", "root", "--only", "deb"]));
    follows("difference", run(0, &["diff", "true.json", "root"]));
    follows("difference", run(1, &["diff", "lie.json", "root"]));
    follows("score", run(0, &["score", "true.json"]));
}
