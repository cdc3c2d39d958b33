//! Lines of scripts that call cosign, with our name in its place.

use testkit::registry::Access;
use testkit::{Run, Scene, program, vectors};

/// Lines as they stand in guides: the image is `IMAGE`. Each runs in the same folder, after those before it.
const LINES: &[(&str, i32)] = &[
    ("cosign generate-key-pair", 0),
    ("cosign sign --key cosign.key IMAGE", 0),
    ("cosign verify --key cosign.pub IMAGE", 0),
    ("cosign sign --key cosign.key --a version=1.0.0 IMAGE", 0),
    ("cosign verify --key cosign.pub -a version=1.0.0 IMAGE", 0),
    ("cosign sign -y --key cosign.key -a a=1 -a b=2 --recursive IMAGE", 0),
    ("cosign sign --yes=true --key env://COSIGN_PRIVATE_KEY IMAGE", 0),
    ("cosign verify --key cosign.pub --insecure-ignore-tlog=true -o json IMAGE", 0),
    ("cosign verify --key cosign.pub --check-claims=true --offline=true IMAGE", 0),
    ("cosign sign-blob --key cosign.key --tlog-upload=false --yes --output-signature blob.sig blob", 0),
    ("cosign verify-blob --key cosign.pub --insecure-ignore-tlog=true --signature blob.sig blob", 0),
    ("cosign sign-blob --key cosign.key --bundle blob.bundle -y blob", 0),
    ("cosign verify-blob --key cosign.pub --bundle blob.bundle blob", 0),
    ("cosign public-key --key cosign.key", 0),
    ("cosign triangulate IMAGE", 0),
    ("cosign tree IMAGE", 0),
    ("cosign save --dir saved IMAGE", 0),
    ("cosign verify --key cosign.pub --local-image saved", 0),
    ("cosign copy -f IMAGE IMAGE-copy", 0),
    ("cosign clean -f IMAGE", 0),
    ("cosign verify --key cosign.pub IMAGE", 1),
    ("cosign sign IMAGE", 2),
    ("cosign verify IMAGE", 2),
];

#[test]
fn lines_of_cosign_run() {
    let scene = Scene::default();
    scene.sandbox.write("blob", "content");
    for (line, code) in LINES {
        assert_eq!(run(&scene, line).code, Some(*code), "{line}: {}", run(&scene, line).stderr);
    }
}

fn run(scene: &Scene, line: &str) -> Run {
    let folder = program().parent().expect("the program's folder").display();
    let line = line.replace("cosign ", "countersign ").replace("IMAGE", &scene.tag());
    let key = "COSIGN_PRIVATE_KEY=\"$(cat cosign.key 2>/dev/null)\"";
    scene.sandbox.run("sh", ["-c", &format!("PATH={folder}:$PATH; export {key}; {line}")])
}

/// The lines of guides that were collected beside the project: those with a key run, those without say what is missing.
#[test]
fn collected_lines_are_understood() {
    let Some(folder) = vectors("seeds") else { return };
    let scene = Scene::default();
    let mut lines = 0;
    for file in std::fs::read_dir(folder).expect("the collection").flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default().replace("\\\n", " ");
        for line in text.lines().filter_map(|line| line.find("cosign ").map(|start| &line[start..])) {
            let mut words: Vec<_> = line.split_whitespace().collect();
            if !matches!(words.get(1), Some(&("generate-key-pair" | "sign" | "verify"))) {
                continue;
            }
            let image = words.iter().rposition(|word| word.contains('/') || word.starts_with('$'));
            if let Some(position) = image.filter(|_| words[1] != "generate-key-pair") {
                words[position] = "IMAGE";
            }
            let keyed = words.contains(&"--key") || words[1] == "generate-key-pair";
            let force = if words[1] == "generate-key-pair" { " --force" } else { "" };
            let run = run(&scene, &format!("{}{force}", words.join(" ")));
            // Keys are made again and again: what is signed need not be what is verified.
            match (keyed, run.code) {
                (true, Some(0 | 1)) | (false, Some(2)) => lines += 1,
                _ => panic!("{line}: {:?} {}", run.code, run.stderr),
            }
            assert!(!run.stderr.contains("unexpected argument"), "{line}: {}", run.stderr);
        }
    }
    assert!(lines >= 5, "{lines} lines");
}

/// `login` as scripts call it, and what follows without any credentials on the line.
#[test]
fn a_login_is_remembered() {
    let access = Access::Basic { user: "user".into(), password: "secret".into() };
    let scene = Scene::new(testkit::registry::Options { access, ..Default::default() });
    scene.verify(&[]).fails(3, "STORE_UNAUTHORIZED");
    let host = scene.registry.host();
    let line = ["login", host, "-u", "user", "--password-stdin"];
    // As with cosign, a password is kept without being tried.
    scene.sandbox.countersign_with(b"wrong\n", line).succeeds();
    scene.verify(&[]).fails(3, "STORE_UNAUTHORIZED");
    scene.sandbox.countersign_with(b"secret\n", line).succeeds();
    scene.sign(&[]).succeeds();
    scene.verify(&[]).succeeds();
    scene.sandbox.countersign(["logout", host]).succeeds();
    scene.verify(&[]).fails(3, "STORE_UNAUTHORIZED");
}
