//! What `verify` prints: cosign's JSON with one more key, our own report, and text.

use countersign_core::buildkit::Authenticity;
use countersign_core::gather::{Origin, Via};
use countersign_core::outcome::Outcome;
use countersign_core::verify::{Accepted, Check, CheckStatus, Format, RefusalCode, Verdict};
use serde_json::{Value, json};

use crate::keys;
use crate::output::Output;

/// The version of the report document; its schema is `docs/report.schema.json`.
pub(crate) const API_VERSION: &str = "countersign.dev/report/v1";

/// One element as cosign prints it, and `verification`.
pub(crate) fn cosign_element(accepted: &Accepted, image: &str) -> Value {
    let (identity, kind) = match accepted.format {
        Format::Legacy => (accepted.claims.identity(), "cosign container image signature"),
        Format::Bundle | Format::BuildKit => (image, countersign_core::format::statement::COSIGN_SIGN),
    };
    json!({
        "critical": {
            "identity": {"docker-reference": identity},
            "image": {"docker-manifest-digest": accepted.claims.signed()},
            "type": kind,
        },
        "optional": accepted.claims.annotations(),
        "verification": verification(accepted),
    })
}

fn verification(accepted: &Accepted) -> Value {
    let mut value = json!({
        "format": accepted.format,
        "origin": origin(&accepted.origin),
        "signer": {
            "key": keys::name(accepted.signature.key()),
            "scheme": accepted.signature.scheme().name(),
        },
        "checks": accepted.checks,
    });
    if let Some(state) = &accepted.buildkit {
        value["buildkit"] = json!(state.name());
    }
    value
}

fn origin(origin: &Origin) -> Value {
    let via = match &origin.via {
        Via::Referrer => "referrer".to_owned(),
        Via::Tag(tag) => format!("tag:{tag}"),
        Via::Index(index) => format!("index:{index}"),
    };
    json!({"manifest": origin.manifest, "blob": origin.blob, "via": via})
}

/// The whole answer for one image: what was accepted, refused, ignored, and what could not be read.
pub(crate) fn image(verdict: &Verdict, reference: &str, image: &str) -> Value {
    json!({
        "reference": reference,
        "image": image,
        "digest": verdict.digest,
        "outcome": outcome(verdict.outcome()),
        "refusal": verdict.refusal.as_ref().map(|refusal| json!({"code": refusal.code().as_str(), "message": refusal.to_string()})),
        "accepted": verdict.accepted.iter().map(|accepted| {
            let mut value = verification(accepted);
            value["annotations"] = json!(accepted.claims.annotations());
            if let (Some(kind), Some(_)) = (accepted.claims.predicate_type(), &accepted.attestation) {
                value["predicateType"] = json!(kind);
            }
            value
        }).collect::<Vec<_>>(),
        "refused": verdict.refused.iter().map(|refused| json!({
            "origin": origin(&refused.origin),
            "code": refused.refusal.code().as_str(),
            "message": refused.refusal.to_string(),
            "checks": refused.checks,
        })).collect::<Vec<_>>(),
        "ignored": verdict.ignored.iter().map(|ignored| json!({
            "origin": origin(&ignored.origin),
            "reason": ignored.reason,
            "code": ignored.code.map(RefusalCode::as_str),
        })).collect::<Vec<_>>(),
        "unread": verdict.unread.iter().map(|unread| json!({
            "origin": origin(&unread.origin),
            "code": unread.error.code(),
            "message": unread.error.to_string(),
        })).collect::<Vec<_>>(),
    })
}

/// The word for an outcome.
pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Proven => "proven",
        Outcome::Refused => "refused",
        Outcome::Usage => "usage",
        Outcome::Undecided => "undecided",
    }
}

/// Tells a person what was checked, and how it ended.
pub(crate) fn explain(output: &Output, verdict: &Verdict, image: &str) {
    output.status("");
    output.status(format!("Verification for {image} --"));
    for accepted in &verdict.accepted {
        let signer = keys::name(accepted.signature.key());
        output.status(format!(
            "accepted  {}  {} by {signer}",
            format_name(accepted.format),
            signed_what(accepted)
        ));
        let describe = |check| describe(check, Some(accepted.format));
        accepted.checks.iter().for_each(|check| output.status(describe(check)));
    }
    for refused in &verdict.refused {
        let refusal = &refused.refusal;
        output.status(format!(
            "refused   {}  {refusal} [{}]",
            shown(&refused.origin),
            refusal.code().as_str()
        ));
        let format = matches!(refused.origin.via, Via::Index(_)).then_some(Format::BuildKit);
        refused.checks.iter().for_each(|check| output.status(describe(check, format)));
    }
    for unread in &verdict.unread {
        output.status(format!(
            "unread    {}  {} [{}]",
            shown(&unread.origin),
            unread.error,
            unread.error.code()
        ));
    }
    for ignored in &verdict.ignored {
        let code = ignored.code.map(|code| format!(" [{}]", code.as_str())).unwrap_or_default();
        output.status(format!("ignored   {}  {}{code}", shown(&ignored.origin), ignored.reason));
    }
}

fn shown(origin: &Origin) -> String {
    let digest = origin.blob.unwrap_or(origin.manifest);
    match &origin.via {
        Via::Referrer => format!("{digest} (referrer)"),
        Via::Tag(_) => format!("{digest} (legacy)"),
        Via::Index(_) => format!("{digest} (buildkit)"),
    }
}

const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Bundle => "bundle",
        Format::Legacy => "legacy signature",
        Format::BuildKit => "buildkit statement",
    }
}

/// What the signer signed.
const fn signed_what(accepted: &Accepted) -> &'static str {
    match accepted.buildkit {
        Some(Authenticity::Signed(_)) => "signed: its attestation manifest is signed",
        Some(Authenticity::Pinned(_)) => "pinned: the index that lists it is signed",
        Some(Authenticity::Unsigned) | None => "signed",
    }
}

fn describe(check: &Check, format: Option<Format>) -> String {
    let build_kit = format == Some(Format::BuildKit);
    let what = match (check.status, check.name) {
        (CheckStatus::NotAskedFor, "claims") => "whose digest the signature is of",
        (CheckStatus::NotAskedFor, "annotations") => "annotations in what is signed",
        (CheckStatus::NotAskedFor, "transparency-log") => "an entry in a transparency log",
        (CheckStatus::NotAskedFor, "timestamp") => "a trusted timestamp",
        (_, "claims") if build_kit => "the statement names this image's digest",
        (_, "signature") if build_kit => "a trusted key signed what it stands in",
        (_, "content") => "the stored content is what its manifest promises",
        (_, "claims") => "the signature is one of this image's digest",
        (_, "signature") => "the signature was made with a trusted key",
        (_, "annotations") => "the annotations asked for were signed",
        (_, "transparency-log") => "the signature is in a transparency log",
        (_, "timestamp") => "the signature has a trusted timestamp",
        (_, other) => other,
    };
    let status = match check.status {
        CheckStatus::Passed => "passed:",
        CheckStatus::Failed => "failed:",
        CheckStatus::NotAskedFor => "not asked for:",
    };
    format!("  - {status:<14} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_told_in_words_that_fit_how_it_ended() {
        for (name, status, line) in [
            ("annotations", CheckStatus::Passed, "  - passed:        the annotations asked for were signed"),
            ("annotations", CheckStatus::Failed, "  - failed:        the annotations asked for were signed"),
            ("annotations", CheckStatus::NotAskedFor, "  - not asked for: annotations in what is signed"),
            ("timestamp", CheckStatus::NotAskedFor, "  - not asked for: a trusted timestamp"),
        ] {
            assert_eq!(describe(&Check { name, status }, None), line);
        }
    }
}
