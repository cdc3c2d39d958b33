//! Groups of flags that several commands share.

mod compat;
mod format;
mod global;
mod predicate;
mod registry;
mod saved;

pub(crate) use compat::{
    AttachmentCompat, SignBlobCompat, SignCompat, TokenCompat, VerifyBlobCompat, VerifyCompat,
    VerifyImageCompat,
};
pub(crate) use format::FormatArgs;
pub(crate) use global::Global;
pub(crate) use predicate::{PredicateArgs, predicate_type};
pub(crate) use registry::{ReferrersModeArg, RegistryArgs};
pub(crate) use saved::{Saved, SavedArgs};

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::failure::Failure;

/// How a command prints: see `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    Text,
    Json,
}

/// A truth value as Go's flags take it: `--flag`, `--flag=true`, `--flag=false`, never `--flag false`.
pub(crate) fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// A `key=value` pair.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("expected KEY=VALUE".into()),
    }
}

/// Pairs by key. One key with two values is wrong usage: one of the two would be passed over in silence.
pub(crate) fn pairs(pairs: &[(String, String)]) -> Result<BTreeMap<String, String>, Failure> {
    let mut named = BTreeMap::new();
    for (key, value) in pairs {
        if let Some(other) = named.insert(key.clone(), value.clone()).filter(|other| other != value) {
            return Err(Failure::usage(format!(
                "-a {key}={other} and -a {key}={value}: an annotation has one value"
            ))
            .hint("leave one of them out"));
        }
    }
    Ok(named)
}

/// A size in bytes: `134217728`, `128MiB`, `1GB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor: u64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "kb" => 1_000,
        "m" | "mib" => 1 << 20,
        "mb" => 1_000_000,
        "g" | "gib" => 1 << 30,
        "gb" => 1_000_000_000,
        _ => return Err("expected a number of bytes, such as 134217728, 128MiB or 1GB".into()),
    };
    let number: u64 = text[..digits].parse().map_err(|_| "expected a number of bytes")?;
    number.checked_mul(factor).ok_or_else(|| "too large".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [("1", 1), ("128MiB", 128 << 20), ("1GB", 1_000_000_000), ("2 kib", 2048)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "x", "-1", "1x", "99999999999999999999", "18446744073709551615k"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
