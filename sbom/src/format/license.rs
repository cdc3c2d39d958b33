//! Licences: which texts are SPDX licence expressions.
//!
//! Packages say `MIT`, `MIT or Apache-2.0`, `GPL-2+` or `see COPYING`. Only what is an expression by the grammar of SPDX
//! (specification 2.3, annex D), with identifiers that stand on SPDX's list, may be written as one; everything else is a
//! text, and is kept as a text.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ::spdx::expression::ExprNode;
use ::spdx::{Expression, LicenseItem, ParseMode};

/// Bytes of a text beyond which it is no expression.
const LONGEST: usize = 4096;

/// SPDX's grammar and list; identifiers that SPDX has put another in place of (`GPL-2.0`) are still on it.
const MODE: ParseMode =
    ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };

/// What the text of a licence is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum License<'a> {
    /// One identifier of SPDX's list.
    Id(&'static str),
    /// An expression of SPDX that is more than one identifier.
    Expression {
        /// The expression, its operators in capitals.
        text: String,
        /// Names in it that it does not explain, `LicenseRef-NAME`.
        references: Vec<String>,
    },
    /// Neither.
    Text(&'a str),
}

impl<'a> License<'a> {
    /// What `text` is; `None` where it says nothing (`NOASSERTION`, or it is empty).
    pub fn of(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text == "NOASSERTION" {
            return None;
        }
        Some(Self::expression(text).unwrap_or(Self::Text(text)))
    }

    fn expression(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let text = with_capitals(text);
        let parsed = Expression::parse_mode(&text, MODE).ok()?;
        let mut references = Vec::new();
        for requirement in parsed.requirements() {
            match &requirement.req.license {
                LicenseItem::Spdx { .. } => (),
                LicenseItem::Other(other) if other.doc_ref.is_none() => {
                    references.push(format!("LicenseRef-{}", other.lic_ref));
                }
                LicenseItem::Other(_) => return None,
            }
            if requirement.req.addition.as_ref().is_some_and(|addition| addition.id().is_none()) {
                return None;
            }
        }
        let mut nodes = parsed.iter();
        if let (Some(ExprNode::Req(only)), None) = (nodes.next(), nodes.next())
            && let LicenseItem::Spdx { id, or_later: false } = only.req.license
            && only.req.addition.is_none()
        {
            return Some(Self::Id(id.name));
        }
        Some(Self::Expression { text, references })
    }

    /// As a part of an expression: in parentheses where it has operators. `None` for a text.
    pub fn term(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Id(id) => Some(Cow::Borrowed(id)),
            Self::Expression { text, .. } if text.contains(' ') => Some(Cow::Owned(format!("({text})"))),
            Self::Expression { text, .. } => Some(Cow::Borrowed(text)),
            Self::Text(_) => None,
        }
    }
}

/// What the declared licences of one component are, each once, in their order.
pub fn of_all(texts: &[String]) -> Vec<License<'_>> {
    let mut seen = BTreeSet::new();
    let licenses = texts.iter().filter_map(|text| License::of(text));
    licenses.filter(|license| seen.insert(license.clone())).collect()
}

/// The terms of an expression that all apply, each without the parentheses around it: of `A AND (B OR C)` the terms `A`
/// and `B OR C`. A text that is no expression is one term.
pub fn conjuncts(text: &str) -> Vec<&str> {
    if text.len() > LONGEST {
        return vec![text];
    }
    let text = unwrapped(text);
    let (mut depth, mut start, mut terms) = (0_usize, 0, Vec::new());
    let words = text.split_inclusive([' ', '\t', '\n', '(', ')']);
    let mut at = 0;
    for word in words {
        match word.trim_end() {
            operator if depth == 0 && operator.eq_ignore_ascii_case("or") => return vec![text],
            operator if depth == 0 && operator.eq_ignore_ascii_case("and") => {
                terms.push(&text[start..at]);
                start = at + word.len();
            }
            _ => (),
        }
        at += word.len();
        match word.as_bytes().last() {
            Some(b'(') => depth += 1,
            Some(b')') => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return vec![text],
            },
            _ => (),
        }
    }
    terms.push(&text[start..]);
    let terms: Vec<_> = terms.into_iter().map(unwrapped).collect();
    // Only what is an expression is taken apart: texts have "and" in them, too.
    let are_licenses = terms.iter().all(|term| !matches!(License::of(term), None | Some(License::Text(_))));
    match (are_licenses, terms.as_slice()) {
        (true, [_, _, ..]) => terms.into_iter().flat_map(conjuncts).collect(),
        _ => vec![text],
    }
}

/// Without parentheses around the whole.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inside) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        let mut depth = 0_i64;
        let closes_early = inside.bytes().any(|byte| {
            depth += i64::from(byte == b'(') - i64::from(byte == b')');
            depth < 0
        });
        if closes_early {
            break;
        }
        text = inside.trim();
    }
    text
}

/// The version of SPDX's list of licences that texts are compared with, such as `3.27.0`.
pub fn list_version() -> &'static str {
    spdx::license_version()
}

/// Operators in capitals: older documents of SPDX allow no others.
fn with_capitals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive([' ', '\t', '\n', '(', ')']) {
        let word = piece.trim_end_matches([' ', '\t', '\n', '(', ')']);
        let after = &piece[word.len()..];
        let operator = ["AND", "OR", "WITH"].into_iter().find(|operator| operator.eq_ignore_ascii_case(word));
        out.push_str(operator.unwrap_or(word));
        out.push_str(if after.trim().is_empty() && !after.is_empty() { " " } else { after });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match License::of(text) {
            None => "nothing".to_owned(),
            Some(License::Id(id)) => format!("id {id}"),
            Some(License::Expression { text, references }) => format!("expression {text} {references:?}"),
            Some(License::Text(text)) => format!("text {text}"),
        }
    }

    #[test]
    fn expressions_are_told_from_texts() {
        let cases = [
            ("MIT", "id MIT"),
            (" (MIT) ", "id MIT"),
            ("mit", "text mit"),
            ("GPL-2.0", "id GPL-2.0"),
            ("GPL-2+", "text GPL-2+"),
            ("GPL-2.0+", "id GPL-2.0-or-later"),
            ("LGPL-2.1+ or MIT", "expression LGPL-2.1+ OR MIT []"),
            ("GPL-2.0-or-later+", "text GPL-2.0-or-later+"),
            ("GPL-2.0-only+", "id GPL-2.0-or-later"),
            ("GPL-2.0-or-later", "id GPL-2.0-or-later"),
            ("Apache-2.0+", "expression Apache-2.0+ []"),
            ("MIT or Apache-2.0", "expression MIT OR Apache-2.0 []"),
            ("(MIT AND\tISC)", "expression (MIT AND ISC) []"),
            (
                "GPL-2.0-only with Classpath-exception-2.0",
                "expression GPL-2.0-only WITH Classpath-exception-2.0 []",
            ),
            ("MIT AND LicenseRef-x", "expression MIT AND LicenseRef-x [\"LicenseRef-x\"]"),
            ("LicenseRef-x", "expression LicenseRef-x [\"LicenseRef-x\"]"),
            ("DocumentRef-a:LicenseRef-x", "text DocumentRef-a:LicenseRef-x"),
            ("MIT/Apache-2.0", "text MIT/Apache-2.0"),
            ("MIT AND", "text MIT AND"),
            ("MIT Apache-2.0", "text MIT Apache-2.0"),
            ("see COPYING", "text see COPYING"),
            ("NOASSERTION", "nothing"),
            ("", "nothing"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_of_any_size_is_looked_at() {
        assert_eq!(shown(&"(".repeat(4000)), format!("text {}", "(".repeat(4000)));
        let long = "MIT OR ".repeat(1000) + "MIT";
        assert_eq!(shown(&long), format!("text {long}"));
    }

    #[test]
    fn expressions_are_taken_apart_where_all_of_it_applies() {
        for (text, terms) in [
            ("MIT", &["MIT"][..]),
            ("(MIT AND ISC)", &["MIT", "ISC"]),
            ("MIT and (ISC or Zlib) AND LicenseRef-a", &["MIT", "ISC or Zlib", "LicenseRef-a"]),
            ("(MIT OR ISC) AND (Zlib AND BSD-3-Clause)", &["MIT OR ISC", "Zlib", "BSD-3-Clause"]),
            ("MIT AND ISC OR Zlib", &["MIT AND ISC OR Zlib"]),
            ("mine and yours", &["mine and yours"]),
            ("a) AND (b", &["a) AND (b"]),
            ("", &[""]),
        ] {
            assert_eq!(conjuncts(text), terms, "{text}");
        }
        let deep = "(".repeat(2000) + "MIT" + &")".repeat(2000);
        assert_eq!(conjuncts(&deep), ["MIT"]);
    }

    #[test]
    fn each_licence_counts_once() {
        let texts = ["MIT", "a b", "MIT", "(MIT)", "a b", ""].map(str::to_owned);
        assert_eq!(of_all(&texts), [License::Id("MIT"), License::Text("a b")]);
    }
}
