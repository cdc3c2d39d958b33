//! The reference of the command line, as the book has it.

use std::fmt::Write;

use clap::{Arg, Command};

/// A section for every command: what it does, its usage, its arguments, its flags.
pub(super) fn markdown(mut program: Command) -> String {
    program.build();
    let mut page = String::from("# Command line\n\n");
    paragraph(&mut page, &about(&program));
    page.push_str("## Flags of every command\n\n");
    let global: Vec<_> = shown(&program).filter(|arg| arg.is_global_set()).collect();
    table(&mut page, "flag", &global);
    for command in commands(&program) {
        section(&mut page, command);
    }
    // One line break at the end of the file.
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// Every flag that is taken and not shown.
pub(super) fn hidden(mut program: Command) -> String {
    program.build();
    let mut lines = String::new();
    for command in commands(&program) {
        for arg in command.get_arguments().filter(|arg| arg.is_hide_set()) {
            if let Some(long) = arg.get_long() {
                let _ = writeln!(lines, "{} --{long}", name(command));
            }
        }
    }
    lines
}

/// Every command that does something by itself, in the order of the help.
fn commands(parent: &Command) -> Vec<&Command> {
    let children =
        parent.get_subcommands().filter(|child| child.get_name() != "help" && !child.is_hide_set());
    children
        .flat_map(|child| match child.has_subcommands() {
            true => commands(child),
            false => vec![child],
        })
        .collect()
}

fn section(page: &mut String, command: &Command) {
    let _ = write!(page, "## {}\n\n", name(command));
    paragraph(page, &about(command));
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(page, "```text\n{}\n```\n", usage.trim_start_matches("Usage: ").trim());
    let (operands, flags): (Vec<_>, Vec<_>) =
        shown(command).filter(|arg| !arg.is_global_set()).partition(|arg| arg.is_positional());
    table(page, "argument", &operands);
    let heading = |arg: &&Arg| arg.get_help_heading().map(str::to_owned);
    let (own, shared): (Vec<_>, Vec<_>) = flags.into_iter().partition(|arg| heading(arg).is_none());
    table(page, "flag", &own);
    table(page, "flag for registries", &shared);
}

/// The name without that of the program.
fn name(command: &Command) -> String {
    let whole = command.get_bin_name().unwrap_or(command.get_name());
    whole.split_once(' ').map_or(whole, |(_, name)| name).to_owned()
}

fn about(command: &Command) -> String {
    command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default()
}

fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"))
}

/// Text of whole paragraphs, wrapped as the book's pages are.
fn paragraph(page: &mut String, text: &str) {
    for paragraph in text.split("\n\n") {
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > 120 {
                page.push('\n');
                column = 0;
            }
            if column > 0 {
                page.push(' ');
                column += 1;
            }
            page.push_str(word);
            column += length;
        }
        page.push_str(if paragraph.ends_with('.') { "\n\n" } else { ".\n\n" });
    }
}

fn table(page: &mut String, heading: &str, arguments: &[&Arg]) {
    if arguments.is_empty() {
        return;
    }
    let _ = writeln!(page, "| {heading} | |\n| --- | --- |");
    for arg in arguments {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let cell = format!("{help}{}", values(arg));
        let _ = writeln!(page, "| {} | {} |", spelling(arg), cell.replace('|', "\\|"));
    }
    page.push('\n');
}

/// `-a`, `--annotations KEY=VALUE`.
fn spelling(arg: &Arg) -> String {
    let value = || {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    if arg.is_positional() {
        return format!("`{}`", value().replace('|', "\\|"));
    }
    let mut spellings: Vec<_> = arg.get_short().map(|short| format!("-{short}")).into_iter().collect();
    spellings.extend(arg.get_long().map(|long| format!("--{long}")));
    spellings.extend(arg.get_visible_aliases().unwrap_or_default().iter().map(|alias| format!("--{alias}")));
    if let (true, Some(last)) = (takes_value(arg), spellings.last_mut()) {
        let optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
        last.push_str(&if optional { format!("[={}]", value()) } else { format!(" {}", value()) });
    }
    spellings.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn takes_value(arg: &Arg) -> bool {
    // A flag with =false is one that clap sets to true by itself.
    arg.get_num_args().is_some_and(|count| count.takes_values())
}

/// What may be given, and what holds when nothing is.
fn values(arg: &Arg) -> String {
    let mut text = String::new();
    if !takes_value(arg) {
        return text;
    }
    let possible: Vec<_> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !possible.is_empty() && possible != ["true", "false"] && !arg.is_hide_possible_values_set() {
        let _ = write!(text, ": `{}`", possible.join("`, `"));
    }
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !default.is_empty() && !arg.is_hide_default_value_set() {
        let _ = write!(text, " (default: `{}`)", default.join(" "));
    }
    text
}
