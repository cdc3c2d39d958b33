//! Paragraphs of fields, as Debian's files have them (deb822(5)).

use crate::limits;

/// Some fields that stand together.
pub(super) struct Paragraph<'a> {
    fields: Vec<Field<'a>>,
}

struct Field<'a> {
    name: &'a str,
    /// The text from the value on, and how much of it is the value.
    text: &'a str,
    length: usize,
}

impl<'a> Paragraph<'a> {
    /// The value of a field with the lines that continue it. `None` if it is empty or missing.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        let field = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        field.text.get(..field.length).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The first line of a field's value. `None` if that line is empty.
    pub(super) fn line(&self, name: &str) -> Option<&'a str> {
        let field = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        field.text.lines().next().map(str::trim).filter(|line| !line.is_empty())
    }
}

/// The paragraphs of a text, in its order. A line that is no field, no continuation and no comment is passed over, and
/// so is what comes after very many fields.
pub(super) fn paragraphs(text: &str) -> impl Iterator<Item = Paragraph<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut fields: Vec<Field<'_>> = Vec::new();
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            if line.trim().is_empty() {
                rest = after;
                if fields.is_empty() {
                    continue;
                }
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some(field) = fields.last_mut() {
                    field.length = field.text.len().saturating_sub(after.len());
                }
            } else if !line.starts_with('#')
                && fields.len() < limits::FIELDS_PER_PACKAGE
                && let Some((name, _)) = line.split_once(':')
            {
                let text = rest.get(name.len().saturating_add(1)..).unwrap_or_default();
                fields.push(Field { name, text, length: text.len().saturating_sub(after.len()) });
            }
            rest = after;
        }
        if fields.is_empty() { None } else { Some(Paragraph { fields }) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_their_values() {
        let text = "\n\nPackage: a\nDescription: one\n two\n .\n three\n# Version: 0\nVERSION: 1\nnothing\nEmpty:\n\n \t\n\
            Package:b\nUrl:http://x:1/\r\nLast:\n x";
        let all: Vec<_> = paragraphs(text).collect();
        assert_eq!(all.len(), 2);
        let [first, second] = all.as_slice() else { panic!() };
        assert_eq!(first.value("package"), Some("a"));
        assert_eq!(first.value("Description"), Some("one\n two\n .\n three"));
        assert_eq!(first.line("Description"), Some("one"));
        assert_eq!(first.value("Version"), Some("1"));
        assert_eq!(first.value("Empty"), None);
        assert_eq!(first.value("nothing"), None);
        assert_eq!(second.value("Package"), Some("b"));
        assert_eq!(second.value("Url"), Some("http://x:1/"));
        assert_eq!((second.line("Last"), second.value("Last")), (None, Some("x")));
    }

    #[test]
    fn texts_without_fields() {
        for text in ["", "\n", " x\n y", "#a: b", "no field\n\n\nhere"] {
            assert_eq!(paragraphs(text).count(), 0, "{text:?}");
        }
    }
}
