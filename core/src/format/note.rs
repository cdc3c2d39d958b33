//! Signed notes and checkpoints of transparency logs (C2SP `signed-note.md` and `tlog-checkpoint.md`, version 1.0.0).
//!
//! A note is a text, an empty line, and a line for each signature. A checkpoint is a note whose text names a log (its
//! origin), the size of its tree, and the tree's root hash:
//!
//! ```text
//! rekor.example/log
//! 4026479
//! 5iaX4xK6PMnp4ZFTP4iywMcwLgaTjzgRTkrTOUFIrfY=
//!
//! — rekor.example/log 09OnDHwVrKeX...
//! — witness.example Z/euoAAAAABqBM+2...
//! ```

use super::FormatError;
use super::base64;
use crate::key::printable_up_to;
use crate::limits;
use crate::merkle::Hash;

/// A note: what was signed, and by whom as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed: whole lines, the last line end included.
    pub text: &'a str,
    /// The signatures, of which nothing is verified yet.
    pub signatures: Vec<NoteSignature<'a>>,
}

/// One signature line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    /// The signer's name.
    pub name: &'a str,
    /// The start of the key's id: a hint, which decides nothing.
    pub key_id: [u8; 4],
    /// The signature over the text.
    pub signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    ///
    /// # Errors
    /// When it is malformed, or passes a bound ([`limits::CHECKPOINT_BYTES`], [`limits::SIGNATURE_LINES`]).
    pub fn parse(note: &'a str) -> Result<Self, FormatError> {
        if note.len() > limits::CHECKPOINT_BYTES {
            let limit = limits::CHECKPOINT_BYTES as u64;
            return Err(FormatError::TooLarge { what: "the signed note is", limit });
        }
        if let Some(control) = note.chars().find(|c| c.is_control() && *c != '\n') {
            let got = control.escape_default().to_string();
            return Err(FormatError::Value {
                field: "signed note",
                expected: "text and line feeds only",
                got,
            });
        }
        let end = note.rfind("\n\n").ok_or(FormatError::Missing { field: "signatures of the note" })?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let lines =
            lines.strip_suffix('\n').ok_or(FormatError::Missing { field: "signatures of the note" })?;
        let count = lines.split('\n').count();
        if count > limits::SIGNATURE_LINES {
            let what = "signatures of the note";
            return Err(FormatError::Count { what, expected: "at most 64", got: count });
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }
}

impl<'a> NoteSignature<'a> {
    fn parse(line: &'a str) -> Result<Self, FormatError> {
        const FIELD: &str = "signature line of the note";
        let malformed = || FormatError::Value {
            field: FIELD,
            expected: "'— NAME BASE64'",
            got: printable_up_to(line, 100),
        };
        let (name, encoded) =
            line.strip_prefix("— ").and_then(|line| line.split_once(' ')).ok_or_else(malformed)?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return Err(malformed());
        }
        let mut bytes = base64::decode(FIELD, encoded)?;
        if bytes.len() <= 4 {
            return Err(malformed());
        }
        let signature = bytes.split_off(4);
        let key_id = bytes.try_into().map_err(|_| malformed())?;
        Ok(Self { name, key_id, signature })
    }
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// The log.
    pub origin: &'a str,
    /// Leaves of its tree.
    pub size: u64,
    /// Root hash of its tree.
    pub root: Hash,
    /// Further lines, which mean nothing here.
    pub extensions: Vec<&'a str>,
}

impl<'a> Checkpoint<'a> {
    /// Reads the text of a note as a checkpoint.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &'a str) -> Result<Self, FormatError> {
        let lines = text.strip_suffix('\n').unwrap_or(text);
        let mut lines = lines.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty());
        let origin = origin.ok_or(FormatError::Missing { field: "origin of the checkpoint" })?;
        let size = lines.next().ok_or(FormatError::Missing { field: "tree size of the checkpoint" })?;
        let root = lines.next().ok_or(FormatError::Missing { field: "root hash of the checkpoint" })?;
        let extensions: Vec<_> = lines.collect();
        if extensions.contains(&"") {
            return Err(FormatError::Missing { field: "extension line of the checkpoint" });
        }
        Ok(Self { origin, size: tree_size(size)?, root: root_hash(root)?, extensions })
    }
}

/// ASCII decimal without leading zeros.
fn tree_size(text: &str) -> Result<u64, FormatError> {
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| FormatError::Value {
        field: "tree size of the checkpoint",
        expected: "a decimal number",
        got: printable_up_to(text, 100),
    })
}

fn root_hash(text: &str) -> Result<Hash, FormatError> {
    const FIELD: &str = "root hash of the checkpoint";
    base64::decode(FIELD, text)?.try_into().map_err(|hash: Vec<u8>| FormatError::Count {
        what: "bytes in the root hash of the checkpoint",
        expected: "32",
        got: hash.len(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOT: &str = "5iaX4xK6PMnp4ZFTP4iywMcwLgaTjzgRTkrTOUFIrfY=";

    fn sample() -> String {
        format!("log.example/1\n40\n{ROOT}\nextension\n\n— log.example/1 AQIDBAU=\n— witness BQYHCAk=\n")
    }

    #[test]
    fn text_and_signatures_are_told_apart() {
        let sample = sample();
        let note = Note::parse(&sample).unwrap();
        assert_eq!(note.text, format!("log.example/1\n40\n{ROOT}\nextension\n"));
        let names: Vec<_> = note.signatures.iter().map(|signature| signature.name).collect();
        assert_eq!(names, ["log.example/1", "witness"]);
        assert_eq!((note.signatures[0].key_id, &*note.signatures[0].signature), ([1, 2, 3, 4], &[5][..]));
        let checkpoint = Checkpoint::parse(note.text).unwrap();
        assert_eq!((checkpoint.origin, checkpoint.size), ("log.example/1", 40));
        assert_eq!(checkpoint.extensions, ["extension"]);
        assert_eq!(base64::encode(&checkpoint.root), ROOT);
        assert_eq!(written(&note), sample);
    }

    /// threat model, row 52.
    #[test]
    fn every_other_spelling_is_refused() {
        let many = "— w BQYHCAk=\n".repeat(limits::SIGNATURE_LINES);
        let long = "x".repeat(limits::CHECKPOINT_BYTES);
        for (from, to, code) in [
            ("\n\n", "\n", "ARTIFACT_FIELD_MISSING"),
            ("— log.example/1 AQIDBAU=\n— witness BQYHCAk=\n", "", "ARTIFACT_FIELD_MISSING"),
            ("BQYHCAk=\n", "BQYHCAk=", "ARTIFACT_FIELD_MISSING"),
            ("BQYHCAk=\n", "BQYHCAk=\n\n", "ARTIFACT_FIELD_MISSING"),
            ("BQYHCAk=\n", "BQYHCAk=\nx\n", "ARTIFACT_VALUE"),
            ("— witness BQ", "- witness BQ", "ARTIFACT_VALUE"),
            ("— witness BQ", "—  BQ", "ARTIFACT_VALUE"),
            ("— witness BQ", "— wit+ness BQ", "ARTIFACT_VALUE"),
            ("— witness BQ", "— wit ness BQ", "ARTIFACT_MALFORMED_BASE64"),
            ("BQYHCAk=", "BQYHCAk", "ARTIFACT_MALFORMED_BASE64"),
            ("BQYHCAk=", "BQYHCA==", "ARTIFACT_VALUE"),
            ("extension", "exten\rsion", "ARTIFACT_VALUE"),
            ("— witness", &format!("{many}— witness"), "ARTIFACT_COUNT"),
            ("extension", &long, "ARTIFACT_TOO_LARGE"),
        ] {
            let text = sample().replacen(from, to, 1);
            assert_ne!(text, sample(), "{from}");
            assert_eq!(Note::parse(&text).unwrap_err().code(), code, "{from:?} {to:.40}");
        }
    }

    /// The note that these parts are written as.
    fn written(note: &Note<'_>) -> String {
        let line = |signature: &NoteSignature<'_>| {
            let bytes = [&signature.key_id, &*signature.signature].concat();
            format!("— {} {}\n", signature.name, base64::encode(&bytes))
        };
        format!("{}\n{}", note.text, note.signatures.iter().map(line).collect::<String>())
    }

    proptest! {
        /// What is read has no other spelling, so nothing in a note is passed over.
        #[test]
        fn what_is_read_is_written_the_same(
            place in any::<prop::sample::Index>(),
            removed in 0_usize..3,
            added in "[ -~\\n\\t—]{0,3}",
        ) {
            let mut characters: Vec<_> = sample().chars().collect();
            let start = place.index(characters.len());
            let end = characters.len().min(start + removed);
            characters.splice(start..end, added.chars());
            let text: String = characters.into_iter().collect();
            if let Ok(note) = Note::parse(&text) {
                prop_assert_eq!(written(&note), text);
            }
        }
    }

    #[test]
    fn a_checkpoint_has_three_lines_at_least() {
        for (text, code) in [
            ("\n", "ARTIFACT_FIELD_MISSING"),
            ("o\n", "ARTIFACT_FIELD_MISSING"),
            ("o\n1\n", "ARTIFACT_FIELD_MISSING"),
            (&format!("1\n{ROOT}\n"), "ARTIFACT_FIELD_MISSING"),
            (&format!("o\n{ROOT}\n\n"), "ARTIFACT_VALUE"),
            (&format!("o\n01\n{ROOT}\n"), "ARTIFACT_VALUE"),
            (&format!("o\n+1\n{ROOT}\n"), "ARTIFACT_VALUE"),
            (&format!("o\n-1\n{ROOT}\n"), "ARTIFACT_VALUE"),
            (&format!("o\n18446744073709551616\n{ROOT}\n"), "ARTIFACT_VALUE"),
            ("o\n1\nAAAA\n", "ARTIFACT_COUNT"),
            ("o\n1\nAAA\n", "ARTIFACT_MALFORMED_BASE64"),
            (&format!("o\n1\n{ROOT}\n\nx\n"), "ARTIFACT_FIELD_MISSING"),
        ] {
            assert_eq!(Checkpoint::parse(text).unwrap_err().code(), code, "{text:?}");
        }
        assert_eq!(Checkpoint::parse(&format!("o\n0\n{ROOT}\n")).unwrap().size, 0);
    }
}
