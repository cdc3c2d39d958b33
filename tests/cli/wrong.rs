//! Everything that can be typed wrongly, or that is not what it should be.
//!
//! `wrong.txt` holds the cases: a line of the shell, the exit code with the stable code, and words that must be said.
//! The line runs in a folder where there are
//!
//! - keys: `a`, without a password; `p`, with the password `pw`; `ed`, of Ed25519;
//! - `blob`, its `signature` and its `bundle`, by `a`;
//! - `image`, a layout with the image `v1`, signed by `a`, and `v2`, unsigned;
//! - `$REGISTRY`, with the same two images in `acme/app`;
//! - `folder`, empty; `pipe`, a FIFO; `torn` and `half`, layouts without an index and with half of one; `text`;
//!   `app.cdx.json`, an SBOM.
//!
//! What fails leaves the folder as it was, prints nothing on standard output, and says what to do.

use testkit::{Run, Sandbox, Scene, program};

const CASES: &str = include_str!("wrong.txt");

struct Case<'a> {
    line: &'a str,
    exit: i32,
    code: Option<&'a str>,
    words: Vec<&'a str>,
}

fn cases() -> Vec<Case<'static>> {
    let blocks = CASES.split("\n\n").map(str::trim);
    let blocks = blocks.map(|block| block.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>());
    blocks.filter(|lines| !lines.is_empty()).map(case).collect()
}

fn case(lines: Vec<&'static str>) -> Case<'static> {
    let [line, ended, words @ ..] = &lines[..] else { panic!("a case has at least two lines: {lines:?}") };
    let (exit, code) = ended.split_once(' ').map_or((*ended, None), |(exit, code)| (exit, Some(code)));
    Case {
        line: line.strip_prefix("$ ").unwrap_or_else(|| panic!("'{line}' is no command")),
        exit: exit.parse().unwrap_or_else(|_| panic!("'{ended}' is no exit code")),
        code,
        words: words.to_vec(),
    }
}

fn scene() -> Scene {
    let scene = Scene::default();
    let sandbox = &scene.sandbox;
    sandbox.key_of("ed", &["ED25519"]);
    sandbox.countersign(["generate-key-pair", "--output-key-prefix", "p"]).succeeds();
    scene.signed_by("a");
    let unsigned = scene.other_image("arm64");
    let entry = scene.entry(&unsigned);
    scene.index("v2", &[entry]);
    scene.countersign(&["copy", "IMAGE", "oci:image:v1"]).succeeds();
    scene.countersign(&["copy", &format!("{}:v2", scene.repository()), "oci:image:v2"]).succeeds();
    sandbox.write("blob", "content");
    sandbox
        .countersign([
            "sign-blob",
            "--key",
            "a.key",
            "--bundle",
            "bundle",
            "--output-signature",
            "signature",
            "blob",
        ])
        .succeeds();
    sandbox.write("text", "no key");
    sandbox.write("app.cdx.json", r#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#);
    let make = "mkdir folder torn half && mkfifo pipe && cp image/oci-layout torn && cp -r image/. half && \
                head -c 100 image/index.json > half/index.json";
    sandbox.run("sh", ["-c", make]).succeeds();
    scene
}

fn shell(sandbox: &Sandbox, registry: &str, line: &str) -> Run {
    let folder = program().parent().expect("the program's folder").display();
    let script = format!("PATH={folder}:$PATH; export REGISTRY={registry}; {line}");
    sandbox.run("sh", ["-c", &script])
}

#[test]
fn what_is_wrong_is_said() {
    let scene = scene();
    let wrong: Vec<_> = cases().iter().filter_map(|case| check(&scene, case).err()).collect();
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(scene: &Scene, case: &Case<'_>) -> Result<(), String> {
    let before = scene.sandbox.listing();
    let run = shell(&scene.sandbox, scene.registry.host(), case.line);
    let require = |holds: bool, what: &str| match holds {
        true => Ok(()),
        false => Err(format!("{what}: $ {}\n{}{}", case.line, run.stdout, run.stderr)),
    };
    require(run.code == Some(case.exit), &format!("exit {:?}, expected {}", run.code, case.exit))?;
    if let Some(code) = case.code {
        require(run.stderr.contains(&format!("[{code}]")), &format!("no [{code}]"))?;
    }
    for words in &case.words {
        require(run.stderr.contains(words), &format!("no '{words}'"))?;
    }
    require(scene.sandbox.listing() == before, "other files than before")?;
    require(case.exit == 0 || run.stdout.is_empty(), "something on standard output")?;
    let advice = ["hint: ", "For more information, try '--help'", "Usage:"];
    require(case.exit != 2 || advice.iter().any(|advice| run.stderr.contains(advice)), "nothing to do")
}
