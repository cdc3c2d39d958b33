//! The page: tables of cells, with the reasons of what is not a plain yes as notes.

use std::fmt::Write as _;

use testkit::{Run, project};

use crate::made::{KINDS, KeyKind};
use crate::peers::{Cosign, Format};
use crate::{Bench, each};

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// It works.
    Yes(String),
    /// It does not, for want of the other program, and why.
    No(String),
    /// The other program cannot, openssl can.
    OpenSsl(String),
    /// There is nothing to measure.
    None,
    /// It should work and does not.
    Red(String),
}

impl Cell {
    pub fn yes(how: &str) -> Self {
        Self::Yes(how.to_owned())
    }

    /// What cosign makes of a signature of its own.
    pub fn of_theirs(run: &Run) -> Self {
        if run.code == Some(0) { Self::yes("yes") } else { Self::No(reason(run)) }
    }

    /// What ours makes of it: anything but a success is red.
    pub fn of_ours(run: &Run) -> Self {
        if run.code == Some(0) { Self::yes("yes") } else { Self::red(run) }
    }

    pub fn red(run: &Run) -> Self {
        Self::Red(format!("{}\n  code {:?}\n  {}", run.line, run.code, run.stderr.trim()))
    }

    pub const fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }
}

/// The last part of what cosign says when it fails: the cause, without names of files and hosts.
fn reason(run: &Run) -> String {
    let tells = |line: &&str| line.contains("error") || line.starts_with("panic: ");
    let last = run.stderr.lines().rfind(tells).unwrap_or_default();
    if let Some(panic) = last.strip_prefix("panic: ") {
        return format!("panic: {panic}");
    }
    let cause = match last.trim_end().strip_suffix(':') {
        // It ends with the name of something that is empty.
        Some(whole) => whole.trim_start_matches("error during command execution: "),
        None => last.rsplit(": ").next().unwrap_or_default(),
    };
    match last.contains("threshold") {
        true => "accepted signatures do not match threshold".to_owned(),
        false => cause.to_owned(),
    }
}

/// One table.
#[derive(Clone, Debug)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// A row for every kind of key in every format.
    pub fn of_all(head: &[&str], row: impl Fn(KeyKind, Format) -> Vec<Cell> + Sync) -> Self {
        let combinations: Vec<_> =
            KINDS.into_iter().flat_map(|kind| Format::ALL.map(|format| (kind, format))).collect();
        let rows = each(&combinations, |(kind, format)| row(*kind, *format));
        let mut table = Self::new(head);
        for ((kind, format), cells) in combinations.into_iter().zip(rows) {
            table.row(format!("{}, {}", kind.name, format.name()), cells);
        }
        table
    }

    pub fn row(&mut self, name: impl Into<String>, cells: Vec<Cell>) {
        assert_eq!(cells.len() + 1, self.head.len());
        self.rows.push((name.into(), cells));
    }
}

/// The whole page.
pub struct Page {
    text: String,
    notes: Vec<String>,
    red: Vec<String>,
}

impl Page {
    pub fn new(bench: &Bench) -> Self {
        let version = |version| bench.peers.version(version);
        let text = format!(
            "# Interoperability with cosign\n\n\
             Measured by `cargo test --workspace --test interop` with cosign {} and cosign {}; that test fails when this \
             page\nsays anything else, and `UPDATE=1` writes it anew.\n\n\
             - **yes**: it works.\n\
             - **no**: this cosign fails to verify what it signed itself, or to sign; the note has its own words.\n\
             - **-**: it did not sign, so there is nothing to read.\n\
             - **openssl**: this cosign fails alike on its own signatures by this kind of key; openssl verifies \
             ours, over\n  the exact bytes that are signed.\n",
            version(Cosign::Three),
            version(Cosign::Two),
        );
        Self { text, notes: Vec::new(), red: Vec::new() }
    }

    pub fn section(&mut self, title: &str, introduction: &str, table: Table) {
        let _ = write!(self.text, "\n## {title}\n\n{introduction}\n\n| {} |\n", table.head.join(" | "));
        let _ = writeln!(self.text, "|{}", " --- |".repeat(table.head.len()));
        for (name, cells) in table.rows {
            let place = format!("{title}, {name}");
            let cells: Vec<_> = cells.iter().map(|cell| self.cell(&place, cell)).collect();
            let _ = writeln!(self.text, "| {name} | {} |", cells.join(" | "));
        }
    }

    fn cell(&mut self, place: &str, cell: &Cell) -> String {
        match cell {
            Cell::Yes(how) => how.clone(),
            Cell::No(why) => format!("no ({})", self.note(why)),
            Cell::OpenSsl(why) => format!("openssl ({})", self.note(why)),
            Cell::None => "-".to_owned(),
            Cell::Red(why) => {
                self.red.push(format!("{place}: {why}"));
                "RED".to_owned()
            }
        }
    }

    fn note(&mut self, text: &str) -> usize {
        let known = self.notes.iter().position(|note| note == text);
        known.unwrap_or_else(|| {
            self.notes.push(text.to_owned());
            self.notes.len() - 1
        }) + 1
    }

    /// Compares the page with the one that is there, or writes it.
    pub fn check(mut self) {
        assert!(self.red.is_empty(), "{}", self.red.join("\n\n"));
        self.text.push_str("\n## Notes\n\nWhat cosign says when it cannot:\n\n");
        for (number, note) in self.notes.iter().enumerate() {
            let _ = writeln!(self.text, "{}. `{note}`", number + 1);
        }
        let path = project().join("docs/interop.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &self.text).expect("the page is written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == self.text,
            "docs/interop.md is not what was measured (UPDATE=1 writes it):\n{}",
            self.text
        );
    }
}
