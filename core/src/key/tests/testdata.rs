//! Every file of `keys-testdata`, see its README for what the names mean.

use std::fs;
use std::path::{Path, PathBuf};

use crate::key::{HashPolicy, KeyAlgorithm, KeyError, Password, PrivateKey, PublicKey, load};

const PASSWORD: &[u8] = b"test";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../keys-testdata")
}

/// The files of a folder, sorted, with their names.
fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    files.sort();
    files
}

fn kinds() -> Vec<(KeyAlgorithm, PathBuf)> {
    KeyAlgorithm::ALL.map(|algorithm| (algorithm, root().join(algorithm.name()))).into()
}

fn read_public(name: &str, bytes: &[u8]) -> Result<PublicKey, KeyError> {
    if name.ends_with(".der") { PublicKey::from_spki_der(bytes) } else { PublicKey::from_pem(bytes) }
}

fn read_private(bytes: &[u8], password: &[u8]) -> (Result<PrivateKey, KeyError>, bool) {
    let mut asked = false;
    let key = load(bytes, || {
        asked = true;
        Ok::<_, KeyError>(Password::new(password.to_vec()))
    });
    (key, asked)
}

#[test]
fn every_key_of_a_folder_is_the_same_key() {
    let mut count = 0;
    for (algorithm, folder) in kinds() {
        let expected = PublicKey::from_pem(fs::read(folder.join("pub.pem")).unwrap()).unwrap();
        let mut formats = 0;
        for (name, path) in files(&folder) {
            let bytes = fs::read(&path).unwrap();
            if name.starts_with("signature.") {
                continue;
            } else if name.starts_with("pub") {
                assert_eq!(read_public(&name, &bytes).unwrap(), expected, "{}", path.display());
            } else {
                let (key, asked) = read_private(&bytes, PASSWORD);
                let key = key.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert_eq!(key.public_key(), &expected, "{}", path.display());
                assert_eq!(asked, name.contains(".enc."), "{}", path.display());
            }
            formats += 1;
        }
        assert!(formats >= 9, "only {formats} files for {algorithm}");
        count += formats;
    }
    println!("{count} key files");
}

#[test]
fn another_password_is_told_from_a_broken_file() {
    for (algorithm, folder) in kinds() {
        for (name, path) in files(&folder).iter().filter(|(name, _)| name.contains(".enc.")) {
            let bytes = fs::read(path).unwrap();
            let code = read_private(&bytes, b"tset").0.unwrap_err().code();
            assert_eq!(code, "KEY_PASSWORD_WRONG", "{algorithm}/{name}");
            let code = PrivateKey::from_pem(&bytes).unwrap_err().code();
            assert_eq!(code, "KEY_PASSWORD_REQUIRED", "{algorithm}/{name}");
        }
    }
}

#[test]
fn signatures_verify_as_what_they_are() {
    let message = fs::read(root().join("message.txt")).unwrap();
    let mut count = 0;
    for (algorithm, folder) in kinds() {
        let key = PublicKey::from_pem(fs::read(folder.join("pub.pem")).unwrap()).unwrap();
        for (name, path) in files(&folder) {
            let Some(scheme) = name.strip_prefix("signature.") else { continue };
            let scheme = scheme.trim_end_matches(".ours");
            let signature = fs::read(path).unwrap();
            let verified = key.verify(&message, &signature, HashPolicy::AlsoLegacy).unwrap();
            assert_eq!(verified.name(), scheme, "{algorithm}");
            assert_eq!(key.verify(&message, &signature, HashPolicy::Current).is_err(), verified.is_legacy());
            assert!(key.verify(&message[1..], &signature, HashPolicy::AlsoLegacy).is_err());
            count += 1;
        }
    }
    assert!(count >= 19, "{count}");
}

/// The code that a file must be refused with is its name up to the first dot.
#[test]
fn what_is_refused_is_refused_by_name() {
    let mut codes = std::collections::BTreeSet::new();
    for side in ["private", "public"] {
        for (name, path) in files(&root().join("refused").join(side)) {
            let bytes = fs::read(&path).unwrap();
            let error = match side {
                "private" => read_private(&bytes, PASSWORD).0.map(|_| ()).unwrap_err(),
                _ => read_public(&name, &bytes).map(|_| ()).unwrap_err(),
            };
            assert_eq!(name.split('.').next().unwrap(), error.code(), "{}: {error}", path.display());
            assert!(!error.to_string().contains(['{', '}', '\n']), "{error}");
            codes.insert(error.code());
        }
    }
    assert!(codes.len() >= 15, "{codes:?}");
}

/// Run by `keys-testdata/regenerate`: writes each folder's key once more, as we write it, and a signature by
/// it.
#[test]
#[ignore = "writes files"]
fn write_ours() {
    let message = fs::read(root().join("message.txt")).unwrap();
    for (_, folder) in kinds() {
        let (key, _) = read_private(&fs::read(folder.join("pkcs8.pem")).unwrap(), PASSWORD);
        let key = key.unwrap();
        fs::write(folder.join("ours.pem"), key.to_pkcs8_pem().unwrap().as_bytes()).unwrap();
        fs::write(folder.join("ours.enc.key"), key.to_encrypted_pem(PASSWORD).unwrap()).unwrap();
        fs::write(folder.join("pub-ours.pem"), key.public_key().to_pem()).unwrap();
        let signature = key.sign(&message).unwrap();
        let scheme = key.public_key().verify(&message, &signature, HashPolicy::Current).unwrap();
        fs::write(folder.join(format!("signature.{scheme}.ours")), signature).unwrap();
    }
}
