//! The names of formats.

use std::fmt;
use std::str::FromStr;

/// A format that is written, with its version. Its names are those that syft uses: `cyclonedx-json@1.6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// CycloneDX as JSON.
    CycloneDxJson(CycloneDxVersion),
    /// CycloneDX as XML.
    CycloneDxXml(CycloneDxVersion),
    /// SPDX as JSON: 2.3, or 3.0.1 as JSON-LD.
    SpdxJson(SpdxVersion),
    /// SPDX 2.3 as tags and values.
    SpdxTagValue,
    /// Software identification tags, ISO/IEC 19770-2:2015.
    Swid,
}

/// A version of CycloneDX (ECMA-424), the oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CycloneDxVersion {
    /// 1.4.
    V1_4,
    /// 1.5.
    V1_5,
    /// 1.6.
    #[default]
    V1_6,
    /// 1.7.
    V1_7,
}

/// A version of SPDX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpdxVersion {
    /// 2.3.
    #[default]
    V2_3,
    /// 3.0.1, which its own documents call 3.0 for short.
    V3_0,
}

impl CycloneDxVersion {
    /// The number, `1.6`.
    pub const fn number(self) -> &'static str {
        match self {
            Self::V1_4 => "1.4",
            Self::V1_5 => "1.5",
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }
}

/// Why a text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No format has this name.
    #[error("no format has the name '{got}': known are {}", Format::known())]
    Name {
        /// The name.
        got: String,
    },
    /// The format has no version of this number.
    #[error("{format} has no version '{got}': known are {}", Format::known())]
    Version {
        /// The name of the format.
        format: &'static str,
        /// The number.
        got: String,
    },
}

impl FormatError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "SBOM_FORMAT_UNKNOWN"
    }
}

impl Format {
    /// All of them; of each name the one that is meant where no version is given comes first.
    pub const ALL: [Self; 12] = [
        Self::CycloneDxJson(CycloneDxVersion::V1_6),
        Self::CycloneDxJson(CycloneDxVersion::V1_4),
        Self::CycloneDxJson(CycloneDxVersion::V1_5),
        Self::CycloneDxJson(CycloneDxVersion::V1_7),
        Self::CycloneDxXml(CycloneDxVersion::V1_6),
        Self::CycloneDxXml(CycloneDxVersion::V1_4),
        Self::CycloneDxXml(CycloneDxVersion::V1_5),
        Self::CycloneDxXml(CycloneDxVersion::V1_7),
        Self::SpdxJson(SpdxVersion::V2_3),
        Self::SpdxJson(SpdxVersion::V3_0),
        Self::SpdxTagValue,
        Self::Swid,
    ];

    /// The name without a version.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CycloneDxJson(_) => "cyclonedx-json",
            Self::CycloneDxXml(_) => "cyclonedx-xml",
            Self::SpdxJson(_) => "spdx-json",
            Self::SpdxTagValue => "spdx-tag-value",
            Self::Swid => "swid",
        }
    }

    /// The version, as it stands after `@`; SWID has none.
    pub const fn version(self) -> Option<&'static str> {
        match self {
            Self::CycloneDxJson(version) | Self::CycloneDxXml(version) => Some(version.number()),
            Self::SpdxJson(SpdxVersion::V3_0) => Some("3.0"),
            Self::SpdxJson(SpdxVersion::V2_3) | Self::SpdxTagValue => Some("2.3"),
            Self::Swid => None,
        }
    }

    /// Every name with its versions, as a person types them: `spdx-json[@2.3|@3.0], ..., swid`.
    pub fn known() -> String {
        let mut names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
        names.dedup();
        let versions = |name| {
            let named = Self::ALL.iter().filter(|format| format.name() == name);
            let mut versions: Vec<_> = named.filter_map(|format| format.version()).collect();
            versions.sort_unstable();
            versions.iter().map(|version| format!("@{version}")).collect::<Vec<_>>().join("|")
        };
        let known = names.into_iter().map(|name| match versions(name) {
            versions if versions.is_empty() => name.to_owned(),
            versions => format!("{name}[{versions}]"),
        });
        known.collect::<Vec<_>>().join(", ")
    }
}

impl Default for Format {
    fn default() -> Self {
        Self::CycloneDxJson(CycloneDxVersion::default())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.version().map_or(Ok(()), |version| write!(f, "@{version}"))
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let mut named = Self::ALL.into_iter().filter(|format| format.name() == name).peekable();
        let first = *named.peek().ok_or_else(|| FormatError::Name { got: name.to_owned() })?;
        match version {
            None => Ok(first),
            Some(got) => named
                .find(|format| format.version() == Some(got))
                .ok_or_else(|| FormatError::Version { format: first.name(), got: got.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read_by_the_name_that_it_is_shown_with() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
    }

    #[test]
    fn names_without_a_version_mean_the_usual_one() {
        let cases = [
            ("cyclonedx-json", "cyclonedx-json@1.6"),
            ("cyclonedx-xml", "cyclonedx-xml@1.6"),
            ("spdx-json", "spdx-json@2.3"),
            ("spdx-tag-value", "spdx-tag-value@2.3"),
            ("swid", "swid"),
        ];
        for (given, meant) in cases {
            assert_eq!(given.parse::<Format>().unwrap().to_string(), meant);
        }
        assert_eq!(Format::default().to_string(), "cyclonedx-json@1.6");
    }

    #[test]
    fn what_is_no_format_is_refused_with_what_is_known() {
        for given in ["", "json", "CycloneDX-JSON", "spdx-json@2", "swid@", "swid@1", "spdx-tag-value@3.0"] {
            let refused = given.parse::<Format>().unwrap_err();
            assert_eq!(refused.code(), "SBOM_FORMAT_UNKNOWN");
            let known = "known are cyclonedx-json[@1.4|@1.5|@1.6|@1.7], cyclonedx-xml[@1.4|@1.5|@1.6|@1.7], \
                         spdx-json[@2.3|@3.0], spdx-tag-value[@2.3], swid";
            assert!(refused.to_string().ends_with(known), "{refused}");
        }
    }
}
