//! XML 1.0, read as a stream: element by element, without document type definitions and entities of its own.
//!
//! An element that was opened is read to its end by whoever opened it: by [`Xml::text`], by [`Xml::skip`], or by asking
//! for its children until there are no more.

use std::io::Read;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::passed::PassedOver;
use super::source::Source;
use super::{ReadError, XmlProblem};
use crate::limits;

/// A document that is being read.
pub(super) struct Xml<R: Read> {
    reader: NsReader<Source<R>>,
    buffer: Vec<u8>,
    /// Names of the elements that are open.
    open: Vec<String>,
    /// The namespace whose elements are read; those of others are passed over.
    namespace: Option<String>,
    pub(super) passed: PassedOver,
}

/// An element that was opened.
pub(super) struct Element {
    /// Its name without a prefix.
    pub(super) name: String,
    /// Its namespace; empty where it has none.
    pub(super) namespace: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute, which is then no longer there.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.attributes.iter().position(|(known, _)| known == name)?;
        Some(self.attributes.swap_remove(index).1)
    }
}

/// What comes next in an element.
enum Piece {
    Element(Element),
    Text(String),
    End,
    /// Of the document.
    Eof,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(source: Source<R>) -> Self {
        let mut reader = NsReader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), open: Vec::new(), namespace: None, passed: PassedOver::default() }
    }

    /// The outermost element.
    pub(super) fn root(&mut self) -> Result<Element, ReadError> {
        loop {
            match self.piece()? {
                Piece::Element(element) => return Ok(element),
                Piece::Text(text) if text.trim().is_empty() => (),
                Piece::Eof | Piece::End => return Err(self.problem(XmlProblem::End)),
                Piece::Text(_) => return Err(ReadError::Unknown),
            }
        }
    }

    /// From here on, elements of other namespaces are passed over.
    pub(super) fn keep_to(&mut self, namespace: String) {
        self.namespace = Some(namespace);
    }

    fn is_foreign(&self, element: &Element) -> bool {
        self.namespace.as_ref().is_some_and(|namespace| *namespace != element.namespace)
    }

    /// After the outermost element nothing may follow.
    pub(super) fn finish(mut self) -> Result<PassedOver, ReadError> {
        loop {
            match self.piece()? {
                Piece::Eof => break,
                Piece::Text(text) if text.trim().is_empty() => (),
                _ => return Err(self.problem(XmlProblem::Trailing)),
            }
        }
        self.reader.get_ref().bounded()?;
        Ok(self.passed)
    }

    /// The next element in the one that is open; `None` at its end. Texts between elements are counted.
    pub(super) fn child(&mut self) -> Result<Option<Element>, ReadError> {
        loop {
            match self.piece()? {
                Piece::Element(element) if self.is_foreign(&element) => self.pass(element)?,
                Piece::Element(element) => return Ok(Some(element)),
                Piece::End => return Ok(None),
                Piece::Text(text) if text.trim().is_empty() => (),
                Piece::Text(_) => self.count("text()"),
                Piece::Eof => return Err(self.problem(XmlProblem::End)),
            }
        }
    }

    /// The text of the element that is open, to its end. Elements in it are passed over.
    pub(super) fn text(&mut self) -> Result<String, ReadError> {
        let mut all = String::new();
        loop {
            match self.piece()? {
                Piece::Text(text) => all.push_str(&text),
                Piece::Element(element) => self.pass(element)?,
                Piece::End => break,
                Piece::Eof => return Err(self.problem(XmlProblem::End)),
            }
            if all.len() > limits::DOCUMENT_TEXT_BYTES {
                return Err(self.problem(XmlProblem::Large));
            }
        }
        let trimmed = all.trim();
        Ok(if trimmed.len() == all.len() { all } else { trimmed.to_owned() })
    }

    /// The text of an element that stands at most once.
    pub(super) fn once(&mut self, slot: &mut Option<String>) -> Result<(), ReadError> {
        let name = self.open.last().cloned().unwrap_or_default();
        match slot.replace(self.text()?) {
            None => Ok(()),
            Some(_) => Err(self.problem(XmlProblem::Twice(name))),
        }
    }

    /// Counts an element that has no place, and reads it to its end.
    pub(super) fn pass(&mut self, _: Element) -> Result<(), ReadError> {
        self.passed.add(&self.open.join("/"));
        self.skip()
    }

    /// Reads the element that is open to its end.
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let depth = self.open.len();
        while self.open.len() >= depth {
            if let Piece::Eof = self.piece()? {
                return Err(self.problem(XmlProblem::End));
            }
        }
        Ok(())
    }

    /// Counts the attributes that nobody took.
    pub(super) fn rest(&mut self, element: &Element) {
        for (name, _) in &element.attributes {
            self.count(&format!("@{name}"));
        }
    }

    fn count(&mut self, name: &str) {
        let place = format!("{}/{name}", self.open.join("/"));
        self.passed.add(&place);
    }

    /// An error where reading is now.
    pub(super) fn problem(&self, problem: XmlProblem) -> ReadError {
        let source = self.reader.get_ref();
        if let Err(error) = source.bounded() {
            return error;
        }
        let (line, column) = source.position();
        match problem {
            _ if source.is_overdrawn() => ReadError::Xml { line, column, problem: XmlProblem::Large },
            XmlProblem::Encoding | XmlProblem::Parser(quick_xml::Error::Encoding(_)) => ReadError::Encoding,
            XmlProblem::Parser(quick_xml::Error::Io(error)) => {
                ReadError::Io(std::io::Error::new(error.kind(), error.to_string()))
            }
            problem => ReadError::Xml { line, column, problem },
        }
    }

    fn piece(&mut self) -> Result<Piece, ReadError> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().mark();
            let piece = match self.reader.read_resolved_event_into(&mut self.buffer) {
                Err(error) => Err(error.into()),
                Ok((namespace, event)) => piece(&namespace, event),
            };
            let piece = piece.map_err(|problem| self.problem(problem))?;
            match &piece {
                Some(Piece::Element(element)) => {
                    self.open.push(element.name.clone());
                    if self.open.len() > limits::DOCUMENT_DEPTH {
                        return Err(self.problem(XmlProblem::Depth));
                    }
                }
                Some(Piece::End) => drop(self.open.pop()),
                _ => (),
            }
            if let Some(piece) = piece {
                return Ok(piece);
            }
        }
    }
}

/// What an event means; `None` for what means nothing.
fn piece(namespace: &ResolveResult<'_>, event: Event<'_>) -> Result<Option<Piece>, XmlProblem> {
    Ok(Some(match event {
        Event::Start(start) | Event::Empty(start) => Piece::Element(element(namespace, &start)?),
        Event::End(_) => Piece::End,
        Event::Eof => Piece::Eof,
        Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
        Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
        Event::GeneralRef(reference) => Piece::Text(resolved(&reference)?),
        Event::DocType(_) => return Err(XmlProblem::Doctype),
        Event::Decl(declaration) => {
            let encoding = declaration.encoding().transpose().map_err(quick_xml::Error::from)?;
            let known = encoding.is_none_or(|name| {
                ["utf-8", "utf8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(&name))
            });
            match known {
                true => return Ok(None),
                false => return Err(XmlProblem::Encoding),
            }
        }
        Event::Comment(_) | Event::PI(_) => return Ok(None),
    }))
}

fn element(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<Element, XmlProblem> {
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => return Err(XmlProblem::Prefix(prefix.clone())),
    };
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(quick_xml::Error::from)?;
        let name = attribute.key.into_inner();
        // Declarations of namespaces, and where schemas lie, say nothing of the content.
        if name != "xmlns" && !name.starts_with("xmlns:") && !name.starts_with("xsi:") {
            attributes
                .push((name.to_owned(), attribute.normalized_value(XmlVersion::Explicit1_0)?.into_owned()));
        }
    }
    Ok(Element { name: start.local_name().into_inner().to_owned(), namespace, attributes })
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, XmlProblem> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    let known = resolve_predefined_entity(reference);
    known.map(str::to_owned).ok_or_else(|| XmlProblem::Entity(reference.to_string()))
}
