//! Identities and claims that no real authority would put into a certificate.

use super::forge::{ALTERNATIVE_NAMES, Draft, names, other_name, tlv};
use crate::x509::{Certificate, Claims, Identity};

fn leaf(edit: impl FnOnce(&mut Draft)) -> Certificate {
    let mut leaf = Draft::leaf();
    edit(&mut leaf);
    leaf.issue(&Draft::authority("CN=root"))
}

#[test]
fn exactly_one_identity() {
    let fulcio = other_name("1.3.6.1.4.1.57264.1.7", &tlv(12, &[b"user!example.com"]));
    let foreign = other_name("1.3.6.1.4.1.311.20.2.3", &tlv(12, &[b"user@example.com"]));
    let (email, uri, dns) = ((0x81, &b"a@b.c"[..]), (0x86, &b"a@b.c"[..]), (0x82, &b"b.c"[..]));
    let other = (0xa0, &fulcio[..]);
    let text = "a@b.c".to_owned();
    for (list, expected) in [
        (vec![email], Ok(Identity::Email(text.clone()))),
        (vec![uri], Ok(Identity::Uri(text.clone()))),
        (vec![dns, uri, (0x87, &[127, 0, 0, 1])], Ok(Identity::Uri(text))),
        (vec![other], Ok(Identity::Other("user!example.com".to_owned()))),
        (vec![dns], Err("got")),
        (vec![(0xa0, &foreign[..])], Err("got")),
        (vec![email, email], Err("got")),
        (vec![email, uri], Err("got")),
        (vec![uri, other], Err("got")),
    ] {
        let leaf = leaf(|leaf| _ = leaf.set(ALTERNATIVE_NAMES, true, names(&list)));
        let got = Identity::read(&leaf);
        assert_eq!(got.as_ref().ok(), expected.as_ref().ok(), "{list:?}");
        assert!(got.is_ok() || got.is_err_and(|error| error.code() == "CERTIFICATE_IDENTITY"));
    }
    let nameless = leaf(|leaf| _ = leaf.remove(ALTERNATIVE_NAMES));
    let message =
        "the certificate has 0 names of a signer (email, URI, or Fulcio's otherName), expected exactly 1";
    assert_eq!(Identity::read(&nameless).unwrap_err().to_string(), message);
}

#[test]
fn issuers_and_encodings() {
    const OLD: &str = "1.3.6.1.4.1.57264.1.1";
    const NEW: &str = "1.3.6.1.4.1.57264.1.8";
    const UNKNOWN: &str = "1.3.6.1.4.1.57264.1.99";
    let text = |value: &str| tlv(12, &[value.as_bytes()]);
    for (claims, expected) in [
        (vec![], Ok(None)),
        (vec![(OLD, b"https://a".to_vec())], Ok(Some("https://a"))),
        (vec![(NEW, text("https://a"))], Ok(Some("https://a"))),
        (vec![(OLD, b"https://a".to_vec()), (NEW, text("https://a"))], Ok(Some("https://a"))),
        (vec![(OLD, b"https://a".to_vec()), (NEW, text("https://b"))], Err("two issuers")),
        (vec![(OLD, b"https://a".to_vec()), (NEW, text("https://a/"))], Err("two issuers")),
        (vec![(OLD, vec![0xff])], Err("the claim issuer (1.3.6.1.4.1.57264.1.1)")),
        (vec![(NEW, b"https://a".to_vec())], Err("the claim issuer-v2 (1.3.6.1.4.1.57264.1.8)")),
        (vec![(NEW, [text("https://a"), vec![0]].concat())], Err("the claim issuer-v2")),
        (vec![(NEW, tlv(22, &[b"https://a"]))], Err("the claim issuer-v2")),
        (vec![(UNKNOWN, vec![0xff])], Ok(None)),
    ] {
        let leaf = leaf(|leaf| {
            for (oid, value) in &claims {
                leaf.set(oid, false, value.clone());
            }
        });
        match (Claims::read(&leaf), expected) {
            (Ok(claims), Ok(issuer)) => assert_eq!(claims.issuer(), issuer),
            (Err(error), Err(part)) => {
                assert_eq!(error.code(), "CERTIFICATE_CLAIM");
                assert!(error.to_string().contains(part), "{error}");
            }
            (got, _) => panic!("{claims:?}: {got:?}"),
        }
    }
}
