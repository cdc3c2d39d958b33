//! Strict PEM (RFC 7468): what is a block, and nothing else.
//!
//! Line ends may be LF or CRLF, lines may be indented and of any length, explanatory text may stand before
//! the first block (as `openssl pkcs12` writes it). Anything but white space after a block is an error: a
//! file must not say one thing to us and another to a reader that stops elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::error::{KeyError, printable};
use super::limits;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Characters of base64 on a line (RFC 7468, section 2); Go and OpenSSL write the same.
const LINE_CHARACTERS: usize = 64;

/// Labels of a certificate: RFC 7468, section 5, and what OpenSSL calls it.
pub(super) const CERTIFICATES: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// One PEM block.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) data: Zeroizing<Vec<u8>>,
}

/// Whether the input is meant as PEM at all (else it may be DER).
pub(super) fn looks_like_pem(input: &[u8]) -> bool {
    input.windows(DASHES.len()).any(|window| window == DASHES.as_bytes())
}

/// Reads every block of the input.
///
/// # Errors
/// `KEY_TOO_LARGE`, `KEY_PEM_MALFORMED`, `KEY_PEM_TRAILING`, `KEY_PEM_LEGACY_ENCRYPTION`, `KEY_PEM_SEVERAL`.
pub(crate) fn parse(input: &[u8]) -> Result<Vec<Block>, KeyError> {
    check_size(input)?;
    let text = std::str::from_utf8(input)
        .map_err(|_| KeyError::PemMalformed { line: 1, problem: "the input is neither text nor DER" })?;
    let mut lines = text.lines().map(str::trim).zip(1..);
    let mut blocks: Vec<Block> = Vec::new();
    while let Some((line, number)) = lines.next() {
        if let Some(label) = label_of(line, BEGIN) {
            check_label(label, number)?;
            blocks.push(read_block(label, number, &mut lines, input.len())?);
        } else if line.contains(DASHES) {
            return Err(KeyError::PemMalformed {
                line: number,
                problem: "damaged BEGIN line, or END without BEGIN",
            });
        } else if !line.is_empty() && !blocks.is_empty() {
            return Err(KeyError::PemTrailing { line: number });
        }
        if blocks.len() > limits::PEM_BLOCKS {
            return Err(several(&blocks));
        }
    }
    if blocks.is_empty() {
        return Err(KeyError::PemMalformed { line: 1, problem: "there is no BEGIN line" });
    }
    Ok(blocks)
}

/// Reads an input that holds exactly one block.
pub(crate) fn parse_one(input: &[u8]) -> Result<Block, KeyError> {
    one(parse(input)?)
}

/// The only block of a list.
pub(super) fn one(mut blocks: Vec<Block>) -> Result<Block, KeyError> {
    match blocks.pop() {
        Some(block) if blocks.is_empty() => Ok(block),
        Some(block) => {
            blocks.push(block);
            Err(several(&blocks))
        }
        None => Err(KeyError::PemMalformed { line: 1, problem: "there is no block with a key" }),
    }
}

/// Writes one block, with a line feed at the end.
pub(crate) fn encode(label: &str, data: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(data));
    let lines = body.len() / LINE_CHARACTERS + 1;
    let mut text = Zeroizing::new(String::with_capacity(body.len() + lines + 2 * label.len() + 40));
    for part in [BEGIN, label, DASHES, "\n"] {
        text.push_str(part);
    }
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE_CHARACTERS));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    for part in [END, label, DASHES, "\n"] {
        text.push_str(part);
    }
    text
}

/// Refuses what is larger than any key.
pub(super) fn check_size(input: &[u8]) -> Result<(), KeyError> {
    if input.len() > limits::INPUT_BYTES {
        return Err(KeyError::TooLarge { limit: limits::INPUT_BYTES, got: input.len() });
    }
    Ok(())
}

fn several(blocks: &[Block]) -> KeyError {
    let labels: Vec<_> = blocks.iter().map(|block| printable(&block.label)).collect();
    KeyError::PemSeveral { got: blocks.len(), labels: labels.join(", ") }
}

fn label_of<'a>(line: &'a str, boundary: &str) -> Option<&'a str> {
    line.strip_prefix(boundary)?.strip_suffix(DASHES)
}

fn check_label(label: &str, line: usize) -> Result<(), KeyError> {
    let allowed = |c: char| c.is_ascii_graphic() || c == ' ';
    if label.is_empty() || label.contains(DASHES) || !label.chars().all(allowed) {
        return Err(KeyError::PemMalformed { line, problem: "the label is not printable ASCII" });
    }
    Ok(())
}

fn read_block<'a>(
    label: &str,
    begin: usize,
    lines: &mut impl Iterator<Item = (&'a str, usize)>,
    capacity: usize,
) -> Result<Block, KeyError> {
    // Never grown, so that no copy of a key is left behind in freed memory.
    let mut body = Zeroizing::new(String::with_capacity(capacity));
    for (line, number) in lines {
        if let Some(end) = label_of(line, END) {
            return close_block(label, end, &body, number);
        }
        if line.contains(DASHES) {
            return Err(KeyError::PemMalformed { line: number, problem: "END line expected" });
        }
        if line.contains(':') {
            return Err(header(label, number, line));
        }
        body.push_str(line);
    }
    Err(KeyError::PemMalformed { line: begin, problem: "the END line is missing" })
}

fn close_block(label: &str, end: &str, body: &str, line: usize) -> Result<Block, KeyError> {
    if end != label {
        return Err(KeyError::PemMalformed { line, problem: "BEGIN and END have different labels" });
    }
    let mut data = Zeroizing::new(Vec::with_capacity(body.len()));
    STANDARD.decode_vec(body, &mut data).map_err(|_| KeyError::PemMalformed {
        line,
        problem: "the block that ends here is not valid base64",
    })?;
    if data.is_empty() {
        return Err(KeyError::PemMalformed { line, problem: "the block that ends here is empty" });
    }
    Ok(Block { label: label.to_owned(), data })
}

/// Headers inside a block (RFC 1421) are what OpenSSL's old encryption uses; no format that we read has any.
fn header(label: &str, line: usize, text: &str) -> KeyError {
    if text.starts_with("Proc-Type") && text.contains("ENCRYPTED") {
        return KeyError::PemLegacyEncryption { label: printable(label) };
    }
    KeyError::PemMalformed { line, problem: "headers inside a PEM block are not supported" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_at_every_line_boundary() {
        for length in [1, 47, 48, 49, 95, 96, 97, 1000] {
            let data = vec![7_u8; length];
            let text = encode("PUBLIC KEY", &data);
            assert!(text.lines().all(|line| line.len() <= 64), "{length}");
            assert_eq!(parse_one(text.as_bytes()).unwrap().data.as_slice(), data, "{length}");
        }
    }

    #[test]
    fn refusals_have_codes() {
        let block = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
        let large = format!("{block}{}", " ".repeat(limits::INPUT_BYTES));
        let cases = [
            ("", "KEY_PEM_MALFORMED"),
            ("no key here", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\nAAAA\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\nAAAA\n-----END B-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\nAAA\n-----END A-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\nAAB=\n-----END A-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\n-----END A-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A----\nAAAA\n-----END A-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN \u{7}-----\nAAAA\n-----END \u{7}-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\nX: y\n\nAAAA\n-----END A-----\n", "KEY_PEM_MALFORMED"),
            ("\u{feff}-----BEGIN A-----\nAAAA\n-----END A-----\n", "KEY_PEM_MALFORMED"),
            ("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n", "KEY_PEM_LEGACY_ENCRYPTION"),
            (&format!("{block}junk"), "KEY_PEM_TRAILING"),
            (&format!("{block}{block}"), "KEY_PEM_SEVERAL"),
            (&block.repeat(9), "KEY_PEM_SEVERAL"),
            (&large, "KEY_TOO_LARGE"),
        ];
        for (input, code) in cases {
            assert_eq!(parse_one(input.as_bytes()).err().map(|e| e.code()), Some(code), "{input:.60}");
        }
        assert_eq!(parse_one(b"\xff").err().map(|e| e.code()), Some("KEY_PEM_MALFORMED"));
    }

    #[test]
    fn white_space_and_text_before_are_fine() {
        for input in [
            "\r\n  -----BEGIN A-----\r\n\tAAAA\r\n-----END A-----\r\n\r\n",
            "Key Attributes: <No Attributes>\n-----BEGIN A-----\nAA\nAA\n-----END A-----",
        ] {
            assert_eq!(parse_one(input.as_bytes()).unwrap().data.as_slice(), [0, 0, 0]);
        }
    }
}
