//! XML 1.0, written.
//!
//! Elements are written as they are nested, so that none stays open. Characters that XML 1.0 cannot hold in any form
//! (section 2.2: control characters, U+FFFE, U+FFFF) become U+FFFD, the replacement character.

/// A document under construction.
pub(super) struct Xml {
    out: String,
    depth: usize,
}

/// Attributes of an element: name and value.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Xml {
    /// A document that begins with its declaration.
    pub(super) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 }
    }

    /// The document, in UTF-8.
    pub(super) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// An element that holds elements; `<name/>` if `inside` writes none.
    pub(super) fn element(&mut self, name: &str, attributes: Attributes<'_>, inside: impl FnOnce(&mut Self)) {
        self.start(name, attributes);
        let (empty, before) = (self.out.len(), self.depth);
        self.out.push_str(">\n");
        let filled = self.out.len();
        self.depth += 1;
        inside(self);
        self.depth = before;
        if self.out.len() == filled {
            self.out.truncate(empty);
            self.out.push_str("/>\n");
        } else {
            self.indent();
            self.end(name);
        }
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element that holds a text.
    pub(super) fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        text.chars().for_each(|c| self.escaped(c, false));
        self.end(name);
    }

    /// An element that holds a text, if there is one.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, &[], text);
        }
    }

    fn start(&mut self, name: &str, attributes: Attributes<'_>) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            value.chars().for_each(|c| self.escaped(c, true));
            self.out.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    /// In an attribute, line ends and tabs would be read as spaces unless they are named (section 3.3.3).
    fn escaped(&mut self, c: char, in_attribute: bool) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '"' => self.out.push_str("&quot;"),
            '\r' => self.out.push_str("&#13;"),
            '\n' if in_attribute => self.out.push_str("&#10;"),
            '\t' if in_attribute => self.out.push_str("&#9;"),
            '\n' | '\t' => self.out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.out.push('\u{fffd}'),
            _ => self.out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_xml_is_escaped() {
        let mut xml = Xml::new();
        xml.element("a", &[("b", "\"<&>\n\t\r\u{0}")], |xml| {
            xml.text("c", &[], "]]> <&\"'\n\u{b}\u{ffff}\u{1f600}");
            xml.element("d", &[], |_| ());
            xml.empty("e", &[("f", "")]);
            xml.optional("g", None);
        });
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <a b=\"&quot;&lt;&amp;&gt;&#10;&#9;&#13;\u{fffd}\">\n  \
            <c>]]&gt; &lt;&amp;&quot;'\n\u{fffd}\u{fffd}\u{1f600}</c>\n  <d/>\n  <e f=\"\"/>\n</a>\n";
        assert_eq!(String::from_utf8(xml.finish()).unwrap(), expected);
    }
}
