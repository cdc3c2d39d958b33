//! One package of SPDX 2.

use super::licenses::Texts;
use super::model::{Checksum, Package};
use crate::format::read::build::Builder;
use crate::format::read::passed::PassedOver;
use crate::format::read::texts::{self, said};
use crate::format::text;
use crate::inventory::Component;

/// Puts the package that the document describes in its place.
pub(super) fn subject(package: Package, builder: &mut Builder) {
    let purl = package.external_refs.iter().find(|reference| reference.reference_type == "purl");
    let may_be_image =
        package.primary_package_purpose.as_deref().is_none_or(|purpose| purpose == "CONTAINER");
    let sha256 = package.checksums.iter().find(|checksum| may_be_image && checksum.algorithm == "SHA256");
    let described = texts::Described {
        name: package.name,
        version: package.version_info,
        purl: texts::purl(purl.map(|purl| purl.reference_locator.clone())),
        sha256: sha256.map(|checksum| checksum.checksum_value.clone()),
        supplier: said(package.supplier).and_then(|text| party(&text)),
    };
    let mut subject = described.subject();
    let passed = &mut builder.passed;
    let known = package.source_info.as_deref().is_none_or(|text| texts::made_of(&mut subject, text));
    let (references, checksums) = (usize::from(purl.is_some()), usize::from(subject.digest.is_some()));
    passed.add_times("packages[].externalRefs[]", package.external_refs.len() - references);
    passed.add_times("packages[].checksums[]", package.checksums.len().saturating_sub(checksums));
    let purpose =
        if subject.digest.is_some() || !subject.layers.is_empty() { "CONTAINER" } else { "APPLICATION" };
    let other = package.primary_package_purpose.is_some_and(|it| it != purpose);
    for (place, there) in [
        ("primaryPackagePurpose", other),
        ("sourceInfo", !known),
        ("homepage", said(package.homepage).is_some()),
        ("description", said(package.description).is_some()),
        ("summary", said(package.summary).is_some()),
        ("comment", said(package.comment).is_some()),
        ("downloadLocation", said(package.download_location).is_some()),
        ("licenseDeclared", said(package.license_declared).is_some()),
        ("licenseConcluded", said(package.license_concluded).is_some()),
        ("copyrightText", said(package.copyright_text).is_some()),
    ] {
        passed.add_if(there, &format!("packages[].{place}"));
    }
    builder.inventory.subject = subject;
}

impl Package {
    /// The package as a component, the licences that are in the document by their texts.
    pub(super) fn component(self, texts: &Texts, passed: &mut PassedOver) -> Component {
        let purpose = self.primary_package_purpose.as_deref();
        let kind = purpose.and_then(super::kind).unwrap_or_default();
        let (mut purl, mut cpes) = (None, Vec::new());
        for reference in self.external_refs {
            match reference.reference_type.as_str() {
                "purl" if purl.is_none() && reference.reference_locator.starts_with("pkg:") => {
                    purl = Some(reference.reference_locator);
                }
                "cpe22Type" | "cpe23Type" => cpes.push(reference.reference_locator),
                other => passed.add(&format!("packages[].externalRefs[] ({other})")),
            }
        }
        let (declared, concluded) = (said(self.license_declared), said(self.license_concluded));
        passed.add_if(
            declared.is_some() && concluded.is_some() && declared != concluded,
            "packages[].licenseConcluded",
        );
        let expression = declared.or(concluded).unwrap_or_default();
        let mut component = Component {
            cpes,
            licenses: texts.licenses(&expression),
            supplier: said(self.supplier).and_then(|text| party(&text)),
            description: said(self.description),
            homepage: said(self.homepage),
            ..texts::component(kind, self.name, said(self.version_info), purl)
        };
        for Checksum { algorithm, checksum_value } in self.checksums {
            let twice = component.hashes.insert(hash_name(&algorithm), checksum_value).is_some();
            passed.add_if(twice, "packages[].checksums[]");
        }
        passed.add_if(said(self.download_location).is_some(), "packages[].downloadLocation");
        passed.add_if(said(self.copyright_text).is_some(), "packages[].copyrightText");
        let notes = Notes { source_info: self.source_info, comment: self.comment, summary: self.summary };
        notes.add_to(
            &mut component,
            ["packages[].sourceInfo", "packages[].comment", "packages[].summary"],
            passed,
        );
        component
    }
}

/// Texts of a package in which this program writes what SPDX has no place for.
pub(super) struct Notes {
    pub(super) source_info: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) summary: Option<String>,
}

impl Notes {
    /// Takes out of them what can be; the places are those of the texts, in their order.
    pub(super) fn add_to(self, component: &mut Component, places: [&str; 3], passed: &mut PassedOver) {
        let [source_info, comment, summary] = places;
        match said(self.source_info).as_deref().map(texts::found_in) {
            Some(Some(locations)) => component.locations = locations,
            other => passed.add_if(other.is_some(), source_info),
        }
        match said(self.comment).as_deref().map(texts::told_in) {
            Some(Some(origins)) => component.origins = origins,
            other => passed.add_if(other.is_some(), comment),
        }
        match said(self.summary) {
            Some(text) if component.description.is_none() => component.description = Some(text),
            text => passed.add_if(text.is_some(), summary),
        }
    }
}

/// `Organization: NAME (ADDRESS)` as `NAME <ADDRESS>`.
pub(super) fn party(text: &str) -> Option<String> {
    let text = text.trim();
    let name = ["Organization:", "Person:"]
        .into_iter()
        .find_map(|kind| text.strip_prefix(kind))
        .unwrap_or(text)
        .trim();
    let parts = name.strip_suffix(')').and_then(|name| name.rsplit_once('('));
    let named = match parts {
        Some((name, "")) => name.trim().to_owned(),
        Some((name, email)) if name.trim() == email => email.to_owned(),
        Some((name, email)) => format!("{} <{email}>", name.trim()),
        None => name.to_owned(),
    };
    said(Some(named))
}

/// What an inventory calls an algorithm.
pub(super) fn hash_name(algorithm: &str) -> String {
    let known = text::HASHES.iter().find(|known| algorithm == known.spdx || algorithm == known.spdx3);
    known.map_or(algorithm, |known| known.name).to_owned()
}
