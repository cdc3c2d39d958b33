//! What cannot be read says why, and where.

use serde_json::json;

use super::{ReadError, of, read};
use crate::format::read::read_at_most;

#[test]
fn what_cannot_be_read_says_why() {
    let cases = [
        (json!({}), "SBOM_UNKNOWN"),
        (json!({"@graph": [{"type": "CreationInfo", "specVersion": "4.0"}]}), "SBOM_UNKNOWN"),
        (json!({"bomFormat": "CycloneDX", "specVersion": "1.1"}), "SBOM_UNKNOWN"),
        (json!({"bomFormat": "CycloneDX"}), "SBOM_UNKNOWN"),
        (json!({"spdxVersion": "SPDX-2.1"}), "SBOM_UNKNOWN"),
        (json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 1}), "SBOM_MALFORMED"),
        (json!([]), "SBOM_MALFORMED"),
    ];
    for (document, code) in cases {
        assert_eq!(of(&document).unwrap_err().code(), code, "{document}");
    }
    let twice = br#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [], "components": []}"#;
    assert_eq!(read(twice.as_slice()).unwrap_err().code(), "SBOM_MALFORMED");
    assert_eq!(read(b"{} x".as_slice()).unwrap_err().code(), "SBOM_MALFORMED");
    let deep = format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": {}"#, "[".repeat(100_000));
    assert_eq!(read(deep.as_bytes()).unwrap_err().code(), "SBOM_MALFORMED");
}

#[test]
fn documents_are_bounded() {
    let many = format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}{{}}]}}"#,
        "{},".repeat(crate::limits::DOCUMENT_COMPONENTS)
    );
    assert!(matches!(read(many.as_bytes()), Err(ReadError::Components { .. })));
    let endless = std::io::Read::chain(b"{\"x\": \"".as_slice(), std::io::repeat(b'x'));
    assert!(matches!(read_at_most(endless, 1 << 16), Err(ReadError::Bytes { most: 65536 })));
}

#[test]
fn what_is_wrong_in_a_text_is_said_with_its_place() {
    let bom = |inside: &str| format!("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">\n{inside}</bom>");
    let deep =
        format!("{}{}", "<components><component>".repeat(100), "</component></components>".repeat(100));
    let spdx = "SPDXVersion: SPDX-2.3\n";
    for (document, code, message) in [
        (String::new(), "SBOM_UNKNOWN", "empty"),
        (" \n\t".to_owned(), "SBOM_UNKNOWN", "empty"),
        ("hello".to_owned(), "SBOM_UNKNOWN", "neither"),
        ("<html></html>".to_owned(), "SBOM_UNKNOWN", "neither"),
        ("<bom xmlns='http://cyclonedx.org/schema/bom/1.1'/>".to_owned(), "SBOM_UNKNOWN", "'1.1'"),
        ("{\"bomFormat\": \"CycloneDX\",\n \"spec".to_owned(), "SBOM_MALFORMED", "line 2 column"),
        (bom("<components>"), "SBOM_MALFORMED", "line 2 column"),
        (
            bom("<serialNumber>").replace("</bom>", ""),
            "SBOM_MALFORMED",
            "end of the document at line 2 column 15",
        ),
        (
            bom("<components><component><name>a</name><name>b</name>"),
            "SBOM_MALFORMED",
            "a second element 'name' at line 2",
        ),
        (bom("<metadata><timestamp>&x;</timestamp>"), "SBOM_MALFORMED", "unknown entity 'x'"),
        (
            format!("<!DOCTYPE bom [<!ENTITY x 'y'>]>{}", bom("")),
            "SBOM_MALFORMED",
            "document type definition",
        ),
        (bom("<components a='1' a='2'/>"), "SBOM_MALFORMED", "line 2"),
        (bom("<x:a/>"), "SBOM_MALFORMED", "unknown prefix 'x'"),
        (bom("") + "<bom/>", "SBOM_MALFORMED", "after the end"),
        (bom(&deep), "SBOM_MALFORMED", "nested deeper than 128"),
        (format!("<?xml version='1.0' encoding='latin1'?>{}", bom("")), "SBOM_UNKNOWN", "UTF-8"),
        (format!("{spdx}no tag"), "SBOM_MALFORMED", "no 'Tag: value' at line 2"),
        (format!("{spdx}DocumentComment: <text>a\nb"), "SBOM_MALFORMED", "<text> without its end"),
        (format!("{spdx}PackageVersion: 1"), "SBOM_MALFORMED", "'PackageVersion' before"),
        (
            format!("{spdx}PackageName: a\nPackageVersion: 1\nPackageVersion: 2"),
            "SBOM_MALFORMED",
            "a second 'PackageVersion' at line 4",
        ),
        (
            format!("{spdx}PackageName: a\nPackageChecksum: 1"),
            "SBOM_MALFORMED",
            "a 'PackageChecksum' of another form",
        ),
        (format!("{spdx}Relationship: a b"), "SBOM_MALFORMED", "'Relationship' of another form"),
        ("SPDXVersion: SPDX-2.1\n".to_owned(), "SBOM_UNKNOWN", "'SPDX-2.1'"),
    ] {
        let error = read(document.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{document}: {error}");
        assert!(error.to_string().contains(message), "{document}: {error}");
    }
}

#[test]
fn other_encodings_are_told_from_damage() {
    let utf16: Vec<_> = "<bom/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xff\xfe".as_slice(), &utf16].concat();
    let wide: Vec<_> = "{}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let latin = b"SPDXVersion: SPDX-2.3\nDocumentName: caf\xe9\n".to_vec();
    let xml = b"<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><x>caf\xe9</x></bom>".to_vec();
    for document in [marked, wide, latin, xml] {
        assert!(matches!(read(document.as_slice()), Err(ReadError::Encoding)), "{document:?}");
    }
    let with_mark = b"\xef\xbb\xbf{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\"}";
    assert_eq!(read(with_mark.as_slice()).unwrap().origin.format, "CycloneDX 1.6");
}

#[test]
fn one_text_is_bounded() {
    let most = crate::limits::DOCUMENT_TEXT_BYTES;
    let long = "x".repeat(most + (128 << 10));
    let xml = format!("<bom xmlns='http://cyclonedx.org/schema/bom/1.6' serialNumber='{long}'/>");
    assert!(read(xml.as_bytes()).unwrap_err().to_string().contains("a text or an element of more than"));
    let tags = format!("SPDXVersion: SPDX-2.3\nDocumentComment: <text>{long}</text>\n");
    assert!(read(tags.as_bytes()).unwrap_err().to_string().contains("a value of more than"));
}

/// Lists in lists, each within its own bound (threat model, row 98): reading ends where the room does, long before the
/// document.
#[test]
fn elements_that_say_nothing_are_bounded_together() {
    let one = format!("{{\"licenses\":[{}{{}}]}},", "{},".repeat(50_000));
    let (head, tail) = (r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":["#, "{}]}");
    let endless = std::iter::once(head).chain(std::iter::repeat_n(one.as_str(), 1_000)).chain([tail]);
    let mut pieces = endless.map(str::as_bytes);
    let mut left: &[u8] = &[];
    let mut given = 0;
    let error = read(Pieces(|buffer: &mut [u8]| {
        while left.is_empty() {
            left = match pieces.next() {
                Some(piece) => piece,
                None => return 0,
            };
        }
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        left = &left[length..];
        given += length;
        length
    }));
    assert!(matches!(error, Err(ReadError::Elements { .. })), "{error:?}");
    assert!(given < one.len() * 500, "{given}");
}

/// A document that is made while it is read.
struct Pieces<F>(F);

impl<F: FnMut(&mut [u8]) -> usize> std::io::Read for Pieces<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        Ok((self.0)(buffer))
    }
}
