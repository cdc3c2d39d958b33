//! Why a document was not read.

use std::io;

use crate::limits;

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its bytes could not be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("the document is empty")]
    Empty,
    /// It is JSON that ends too early, is damaged, or in which a key holds something else than its format says.
    #[error("the document is malformed: {0}")]
    Json(serde_json::Error),
    /// It is XML that is malformed.
    #[error("the document is malformed: {problem} at line {line} column {column}")]
    Xml {
        /// The line at which reading ended, from 1.
        line: u64,
        /// The byte in that line, from 1.
        column: u64,
        /// What is wrong.
        problem: XmlProblem,
    },
    /// It is tags and values, of which a line is malformed.
    #[error("the document is malformed: {problem} at line {line}")]
    TagValue {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: TagValueProblem,
    },
    /// It is not in UTF-8.
    #[error("the document is in another encoding than UTF-8")]
    Encoding,
    /// It has none of the marks of a known format.
    #[error("the document is neither CycloneDX, SPDX, syft's nor SWID")]
    Unknown,
    /// The format has a version that is not known.
    #[error("{format} '{got}' is not known: expected {expected}")]
    Version {
        /// The format.
        format: &'static str,
        /// The versions that are known.
        expected: &'static str,
        /// What the document says.
        got: String,
    },
    /// It has more components than are read.
    #[error("the document has more than {most} components")]
    Components {
        /// How many are read.
        most: usize,
    },
    /// It has more relationships than are read.
    #[error("the document has more than {most} relationships")]
    Relations {
        /// How many are read.
        most: usize,
    },
    /// The elements of its lists take more room than they may.
    #[error("the elements of the document's lists take more than {most} bytes")]
    Elements {
        /// The room that they may take, in bytes.
        most: usize,
    },
    /// It has more bytes than are read.
    #[error("the document has more than {most} bytes")]
    Bytes {
        /// How many are read.
        most: u64,
    },
}

/// What is wrong with a document in XML.
#[derive(Debug, thiserror::Error)]
pub enum XmlProblem {
    /// It is not well-formed.
    #[error("{0}")]
    Parser(#[from] quick_xml::Error),
    /// It has a document type definition, which no format of SBOMs has.
    #[error("a document type definition, which is not read,")]
    Doctype,
    /// It refers to an entity that is none of the five of XML.
    #[error("an unknown entity '{0}'")]
    Entity(String),
    /// It says that it is in another encoding than UTF-8.
    #[error("another encoding than UTF-8")]
    Encoding,
    /// A prefix that stands for no namespace.
    #[error("an unknown prefix '{0}'")]
    Prefix(String),
    /// An element stands more often than its format allows.
    #[error("a second element '{0}'")]
    Twice(String),
    /// Elements are nested too deep.
    #[error("elements nested deeper than {}", limits::DOCUMENT_DEPTH)]
    Depth,
    /// A text or an element is too large.
    #[error("a text or an element of more than {} bytes", limits::DOCUMENT_TEXT_BYTES)]
    Large,
    /// It ends before its root does.
    #[error("an end before the end of the document")]
    End,
    /// Something follows its root.
    #[error("something after the end of the document")]
    Trailing,
}

/// What is wrong with tags and values.
#[derive(Debug, thiserror::Error)]
pub enum TagValueProblem {
    /// A line has no `Tag: value`.
    #[error("no 'Tag: value'")]
    NoTag,
    /// A `<text>` is never closed.
    #[error("a <text> without its end")]
    Unclosed,
    /// A tag of a package stands before any package.
    #[error("'{0}' before what it belongs to")]
    Early(String),
    /// A tag stands more often than its format allows.
    #[error("a second '{0}'")]
    Twice(String),
    /// A value is not of the form that its tag asks for.
    #[error("a '{0}' of another form")]
    Form(String),
    /// More packages or relationships than are read.
    #[error("more packages or relationships than are read")]
    Many,
    /// A value is too large.
    #[error("a value of more than {} bytes", limits::DOCUMENT_TEXT_BYTES)]
    Large,
}

impl ReadError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "IO",
            Self::TagValue { problem: TagValueProblem::Many, .. } => "SBOM_TOO_LARGE",
            Self::Json(_) | Self::Xml { .. } | Self::TagValue { .. } => "SBOM_MALFORMED",
            Self::Empty | Self::Encoding | Self::Unknown | Self::Version { .. } => "SBOM_UNKNOWN",
            Self::Components { .. } | Self::Relations { .. } | Self::Elements { .. } | Self::Bytes { .. } => {
                "SBOM_TOO_LARGE"
            }
        }
    }
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        match error.is_io() {
            true => Self::Io(error.into()),
            false => Self::Json(error),
        }
    }
}
