//! The one place that prints. Data goes to standard output, status to standard error.
//!
//! Text that comes from outside (a registry's error, an annotation, the name of a package) may hold terminal escapes or
//! bidirectional controls: each is written as an escape, whether or not a terminal is there, since what a file or a log
//! holds is shown on one later (threat model, row 79). Documents keep their bytes.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use countersign_core::oci::Descriptor;
use countersign_core::pieces::Pieces;
use countersign_core::transfer::Observer;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;

/// Where a command prints.
pub(crate) struct Output {
    log: Option<RefCell<File>>,
    verbose: bool,
    color: bool,
}

impl Output {
    /// Status goes to `log` where one is named.
    pub(crate) fn new(log: Option<&Path>, verbose: bool) -> Result<Self, Failure> {
        let open = |path: &Path| {
            File::create(path).map(RefCell::new).map_err(|error| Failure::io(path.display(), error))
        };
        let color = io::stderr().is_terminal() && wants_color();
        Ok(Self { log: log.map(open).transpose()?, verbose, color })
    }

    /// Standard output and standard error, nothing else.
    pub(crate) fn plain() -> Self {
        Self { log: None, verbose: false, color: false }
    }

    /// Whether a person is looking at the status.
    pub(crate) fn is_terminal(&self) -> bool {
        self.log.is_none() && io::stderr().is_terminal()
    }

    /// Data, as it is.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::io("standard output", error))
    }

    /// A JSON document that is made piece by piece, on one line.
    pub(crate) fn pieces(&self, document: &Pieces) -> Result<(), Failure> {
        document.iter().try_for_each(|piece| self.bytes(&piece))?;
        self.bytes(b"\n")
    }

    /// A line of text.
    pub(crate) fn line(&self, line: &str) -> Result<(), Failure> {
        self.bytes(format!("{}\n", escape(line)).as_bytes())
    }

    /// A line of fields with a tab between them; one within a field is escaped.
    pub(crate) fn row(&self, fields: &[&str]) -> Result<(), Failure> {
        self.line(&row(fields))
    }

    /// A line of data that a person sees in a colour (a number of ECMA-48, "Select graphic rendition").
    pub(crate) fn colored(&self, color: &str, line: &str) -> Result<(), Failure> {
        match io::stdout().is_terminal() && wants_color() {
            true => self.bytes(format!("\x1b[{color}m{}\x1b[0m\n", escape(line)).as_bytes()),
            false => self.line(line),
        }
    }

    /// A document on one line.
    pub(crate) fn json(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text =
            serde_json::to_string(document).map_err(|error| Failure::io("standard output", error.into()))?;
        // What JSON lets stand raw, a terminal need not: the same document, spelled so that nothing hides in it.
        self.bytes(format!("{}\n", visible_json(&text)).as_bytes())
    }

    /// A line of status.
    pub(crate) fn status(&self, line: impl AsRef<str>) {
        self.stderr(&escape(line.as_ref()));
    }

    /// A line of status for whoever asked for more.
    pub(crate) fn detail(&self, line: impl AsRef<str>) {
        if self.verbose {
            self.status(line);
        }
    }

    /// Something that the user should know, and that stops nothing.
    pub(crate) fn warning(&self, line: impl AsRef<str>) {
        self.stderr(&format!("{} {}", self.paint("33", "WARNING:"), escape(line.as_ref())));
    }

    /// Why a command failed; gives its exit code.
    pub(crate) fn failure(&self, failure: &Failure) -> u8 {
        let error = self.paint("31", "error:");
        self.stderr(&format!("{error} {} [{}]", escape(&failure.message), failure.code));
        if let Some(hint) = &failure.hint {
            self.stderr(&format!("{} {}", self.paint("36", "hint:"), escape(hint)));
        }
        failure.outcome.exit_code()
    }

    fn paint(&self, color: &str, word: &str) -> String {
        if self.color { format!("\x1b[1;{color}m{word}\x1b[0m") } else { word.into() }
    }

    /// Nobody can be told when this fails.
    fn stderr(&self, line: &str) {
        let line = format!("{line}\n");
        let _ = match &self.log {
            Some(log) => log.borrow_mut().write_all(line.as_bytes()),
            None => io::stderr().write_all(line.as_bytes()),
        };
    }
}

/// no-color.org
fn wants_color() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A bar for long work, shown only to a person.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(output: &Output, what: &'static str) -> Self {
        let bar = if output.is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {bytes}/{total_bytes}") {
            bar.set_style(style);
        }
        bar.set_prefix(what);
        Self { bar }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn planned(&self, descriptor: &Descriptor) {
        self.bar.inc_length(descriptor.size);
    }

    fn moved(&self, descriptor: &Descriptor) {
        self.bar.inc(descriptor.size);
    }
}

/// What clap has to say: help and version are data and success, everything else is wrong usage.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if let Some(name) = later(error) {
        let failure = Failure::usage(format!("'{name}' is a command of cosign that is not available yet"))
            .hint("'countersign --help' lists those that are");
        return ExitCode::from(Output::plain().failure(&failure));
    }
    let printed = error.print();
    match (error.use_stderr(), printed) {
        (false, Ok(())) => ExitCode::SUCCESS,
        (false, Err(_)) => ExitCode::from(3),
        (true, _) => ExitCode::from(2),
    }
}

/// Commands of cosign that are not there.
const LATER: [&str; 11] = [
    "attestation",
    "bundle",
    "dockerfile",
    "env",
    "initialize",
    "manifest",
    "piv-tool",
    "pkcs11-tool",
    "signing-config",
    "trusted-root",
    "upload",
];

/// The command of cosign that was asked for in vain.
fn later(error: &clap::Error) -> Option<&'static str> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    match error.kind() {
        ErrorKind::InvalidSubcommand => LATER.into_iter().find(|name| name == asked),
        _ => None,
    }
}

/// A number with what is counted: `1 document`, `2 documents`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Writes control characters, and those that hide or turn text, as `\u{..}`. Line breaks too: what comes from outside
/// must not look like another line of ours.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\t') || hides(c) {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Fields with a tab between them, and in none of them.
fn row(fields: &[&str]) -> String {
    fields.iter().map(|field| field.replace('\t', "\\t")).collect::<Vec<_>>().join("\t")
}

/// The same JSON document, in which what [`escape`] would escape is written as `\u` and four digits (RFC 8259, section 7).
fn visible_json(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || hides(c) {
            let mut units = [0; 2];
            visible.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Whether a character is shown as nothing, or changes the direction or the lines of what is around it.
const fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 79.
    #[test]
    fn what_moves_the_cursor_or_turns_text_is_escaped() {
        assert_eq!(escape("a\x1b[2Jb\u{202e}c\r\u{9b}d\ne"), "a\\u{1b}[2Jb\\u{202e}c\\u{d}\\u{9b}d\\u{a}e");
        assert_eq!(escape("größe 例"), "größe 例");
        assert_eq!(escape(&row(&["a\tb", "\x1bc"])), "a\\tb\t\\u{1b}c");
        let json = serde_json::to_string("\u{9b}2J\u{202e}\u{e0001}é\n").unwrap();
        assert_eq!(visible_json(&json), r#""\u009b2J\u202e\udb40\udc01é\n""#);
        assert_eq!(
            serde_json::from_str::<String>(&visible_json(&json)).unwrap(),
            "\u{9b}2J\u{202e}\u{e0001}é\n"
        );
    }
}
