//! Whether a document is about this image.
//!
//! Digests decide, where the document has one. A name decides only where it has none: the same image has a name in every
//! registry that it was copied to, so that the last part alone is compared.

use super::{Code, Question, Reason, Verification};
use crate::inventory::Subject;

pub(super) fn verify(document: &Subject, source: &Subject, question: &Question, answer: &mut Verification) {
    match (&document.digest, &source.digest) {
        (Some(says), Some(is)) => match says == is || question.also_called.contains(says) {
            true => answer.subject_proven = true,
            false => {
                let message = format!("the document is about {says}, and this is {is}");
                answer.find(Code::Subject, Some(says.clone()), Some(is.clone()), message);
            }
        },
        (Some(says), None) => {
            answer.pass_over(Reason::Subject, format!("{says}: a directory has no digest"));
        }
        (None, Some(_)) => by_name(&document.name, &source.name, answer),
        (None, None) => answer.pass_over(Reason::Subject, "a directory has no digest".into()),
    }
}

fn by_name(says: &str, is: &str, answer: &mut Verification) {
    match (short(says), short(is)) {
        ("", _) | (_, "") => {
            answer.pass_over(Reason::Subject, "the document names no digest and no image".into());
        }
        (one, other) if one.eq_ignore_ascii_case(other) => {
            answer.pass_over(Reason::Subject, format!("'{says}' has the image's name, and no digest"));
        }
        _ => {
            let message = format!("the document is about '{says}', and this is '{is}'; it names no digest");
            answer.find(Code::Subject, Some(says.to_owned()), Some(is.to_owned()), message);
        }
    }
}

/// `app` of `oci:app`, `registry.example/team/app:v1@sha256:...` and `/tmp/app.tar`.
fn short(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let last = name.rsplit('/').next().unwrap_or(name);
    let last = ["oci:", "oci-archive:", "docker-archive:"]
        .iter()
        .find_map(|kind| last.strip_prefix(kind))
        .unwrap_or(last);
    let last = last.split_once(':').map_or(last, |(name, _)| name);
    last.strip_suffix(".tar").unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_their_last_part() {
        for (name, expected) in [
            ("alpine", "alpine"),
            ("docker.io/library/alpine:3.20", "alpine"),
            ("localhost:5000/team/app@sha256:00", "app"),
            ("oci:app:v1", "app"),
            ("oci:/tmp/app", "app"),
            ("/tmp/app.tar", "app"),
            ("", ""),
        ] {
            assert_eq!(short(name), expected, "{name}");
        }
    }
}
