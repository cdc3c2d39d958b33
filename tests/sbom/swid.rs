//! The rules of tags (ISO/IEC 19770-2:2015) stand in `tests/peers/sbom-validators`, since no validator of them is to be had:
//! each is shown to refuse something.

use countersign_sbom::format::{Format, write};
use testkit::{Sandbox, peer};

use crate::samples;

/// What is broken in a document that is sound, and how: the first of what is there becomes something else.
const BROKEN: [(&str, &str, &str); 21] = [
    ("a root of another name", "<SoftwareIdentities>", "<Tags>"),
    ("another namespace", "2015/schema.xsd", "2009/schema.xsd"),
    ("no identifier", " tagId=", " id="),
    ("an empty identifier", " tagId=\"", " tagId=\"\" media=\""),
    ("two of one identifier", "tagId=\"os:debian@12\"", "tagId=\"pkg:pypi/pyyaml@6.0\""),
    ("no name", " name=\"bash\"", " media=\"bash\""),
    ("a version of the tag that is no number", "tagVersion=\"0\"", "tagVersion=\"0.1\""),
    ("a scheme of versions that is none", "versionScheme=\"semver\"", "versionScheme=\"npm\""),
    ("nobody who made the tag", "role=\"tagCreator\"", "role=\"licensor\""),
    ("two who made the tag", "role=\"distributor\"", "role=\"tagCreator distributor\""),
    ("a role that is none", "role=\"distributor\"", "role=\"vendor\""),
    ("an organisation without a name", "<Entity name=", "<Entity regid="),
    ("a link that leads nowhere", "href=\"swid:", "href=\"swid:no-"),
    ("a link without an address", "<Link rel=\"requires\" href=", "<Link rel=\"requires\" artifact="),
    ("a relation that is none", "rel=\"component\"", "rel=\"contains\""),
    ("an attribute of no schema", "<Meta generator=", "<Meta tool="),
    ("a file with a path for a name", "name=\"status\"", "name=\"dpkg/status\""),
    ("a file without a name", "<File location=", "<File root=\"\" size="),
    ("a time that is none", "<Evidence date=\"", "<Evidence date=\"on "),
    ("two pieces of evidence", "<Evidence ", "<Evidence/><Evidence "),
    ("no XML", "</SoftwareIdentities>", ""),
];

#[test]
fn the_rules_of_tags_refuse_what_breaks_them() {
    let Some(validators) = peer("SBOM_VALIDATORS") else { return };
    let (sandbox, inventory) = (Sandbox::new(), samples::inventory());
    let tags = write(&inventory, Format::Swid, &samples::making()).expect("a document");
    let tags = String::from_utf8(tags).expect("text");
    let mut words = vec!["swid=sound".to_owned()];
    sandbox.write("sound", &tags);
    for (number, (name, from, to)) in BROKEN.iter().enumerate() {
        assert!(tags.contains(from), "{name}: {tags}");
        let broken = tags.replacen(from, to, 1).replace(
            "</SoftwareIdentities>",
            match *to {
                "<Tags>" => "</Tags>",
                "" => "",
                _ => "</SoftwareIdentities>",
            },
        );
        words.push(format!("swid={number}"));
        sandbox.write(number.to_string(), broken);
    }
    let complaints = sandbox.run(&validators, &words).ends(1).stdout;
    assert!(!complaints.contains("sound"), "{complaints}");
    for rule in ["two tags have this tagId", "0 tag creators", "2 tag creators", "no tag is"] {
        assert!(complaints.contains(rule), "{rule}: {complaints}");
    }
    for (number, (name, ..)) in BROKEN.iter().enumerate() {
        assert!(complaints.contains(&format!("swid={number}: ")), "{name}: {complaints}");
    }
}
