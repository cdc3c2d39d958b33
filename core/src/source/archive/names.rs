//! Names of archive members, and what links among them mean. Whatever leads out of the archive is refused.

use crate::limits;
use crate::source::layout::content::protocol;
use crate::source::{Result, SourceError};

/// The name without `./` before and `/` after it; `None` for the root itself.
pub(super) fn clean_name(place: &str, name: &str) -> Result<Option<String>> {
    let bad = |why: &str| Err(protocol(place, format!("member '{name}': {why}")));
    if name.len() as u64 > limits::ARCHIVE_NAME_BYTES {
        let (what, limit) = ("the name of a member in bytes", limits::ARCHIVE_NAME_BYTES);
        return Err(SourceError::Limit { place: place.into(), what, limit });
    }
    if name.is_empty() {
        return bad("has no name");
    }
    if name.starts_with('/')
        || name.contains('\\')
        || name.contains('\0')
        || name.contains(':') && is_drive(name)
    {
        return bad("has an absolute or malformed name");
    }
    let mut rest = name;
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter;
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if matches!(rest, "" | ".") {
        return Ok(None);
    }
    if rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return bad("its name leads out of the archive, or has empty parts");
    }
    Ok(Some(rest.into()))
}

fn is_drive(name: &str) -> bool {
    name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic()
}

/// The name of the member that a link means: symbolic links count from their own directory, hard links from the root.
pub(super) fn link_target(place: &str, name: &str, target: &str, symbolic: bool) -> Result<String> {
    let escape = || protocol(place, format!("member '{name}' is a link out of the archive, to '{target}'"));
    if target.is_empty() || target.starts_with('/') || target.contains(['\\', '\0']) {
        return Err(escape());
    }
    let mut parts: Vec<_> = if symbolic { name.split('/').collect() } else { Vec::new() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(escape)?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
