//! The model of SPDX 2.3 as tags and values (specification 2.3, clause 5: one `Tag: value` a line).
//!
//! A value of several lines stands between `<text>` and `</text>`, which nothing in it can escape: there the end mark is
//! broken by a space. Everything else is on one line by its model.

use super::v2::{ExtractedLicensingInfo, Package, SpdxDocument};

pub(super) fn write(document: &SpdxDocument) -> Vec<u8> {
    let mut out = Lines(String::new());
    out.line("SPDXVersion", document.spdx_version);
    out.line("DataLicense", document.data_license);
    out.line("SPDXID", document.id);
    out.line("DocumentName", &document.name);
    out.line("DocumentNamespace", &document.document_namespace);
    out.block("DocumentComment", document.comment.as_deref());
    document.creation_info.creators.iter().for_each(|creator| out.line("Creator", creator));
    out.line("Created", &document.creation_info.created);
    out.line("LicenseListVersion", &document.creation_info.license_list_version);
    document.packages.iter().for_each(|package| write_package(&mut out, package));
    document.has_extracted_licensing_infos.iter().for_each(|license| write_license(&mut out, license));
    out.0.push('\n');
    for related in &document.relationships {
        let (from, to) = (&related.spdx_element_id, &related.related_spdx_element);
        out.line("Relationship", &format!("{from} {} {to}", related.relationship_type));
    }
    out.0.into_bytes()
}

fn write_package(out: &mut Lines, package: &Package) {
    out.0.push('\n');
    out.line("PackageName", &package.name);
    out.line("SPDXID", &package.id);
    out.optional("PackageVersion", package.version_info.as_deref());
    out.line("PackageSupplier", &package.supplier);
    out.line("PackageDownloadLocation", package.download_location);
    out.line("PrimaryPackagePurpose", &package.primary_package_purpose.replace('_', "-"));
    out.line("FilesAnalyzed", if package.files_analyzed { "true" } else { "false" });
    for checksum in &package.checksums {
        out.line("PackageChecksum", &format!("{}: {}", checksum.algorithm, checksum.checksum_value));
    }
    out.optional("PackageHomePage", package.homepage.as_deref());
    out.block("PackageSourceInfo", package.source_info.as_deref());
    out.line("PackageLicenseConcluded", package.license_concluded);
    out.line("PackageLicenseDeclared", &package.license_declared);
    out.line("PackageCopyrightText", package.copyright_text);
    out.block("PackageDescription", package.description.as_deref());
    out.block("PackageComment", package.comment.as_deref());
    for reference in &package.external_refs {
        let (category, kind) = (reference.reference_category, reference.reference_type);
        out.line("ExternalRef", &format!("{category} {kind} {}", reference.reference_locator));
    }
}

fn write_license(out: &mut Lines, license: &ExtractedLicensingInfo) {
    out.0.push('\n');
    out.line("LicenseID", &license.license_id);
    out.block("ExtractedText", Some(&license.extracted_text));
    out.line("LicenseName", &license.name);
}

struct Lines(String);

impl Lines {
    fn line(&mut self, tag: &str, value: &str) {
        self.0.push_str(tag);
        self.0.push_str(": ");
        self.0.push_str(&mark_broken(value));
        self.0.push('\n');
    }

    fn optional(&mut self, tag: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(tag, value);
        }
    }

    fn block(&mut self, tag: &str, value: Option<&str>) {
        if let Some(value) = value {
            let printed =
                value.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect::<String>();
            self.0.push_str(&format!("{tag}: <text>{}</text>\n", mark_broken(&printed)));
        }
    }
}

/// A value without the marks of a value of several lines.
fn mark_broken(value: &str) -> String {
    value.replace("<text>", "< text>").replace("</text>", "</ text>")
}
