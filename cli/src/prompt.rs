//! Passwords: from the environment, from a prompt on the terminal, from a pipe.
//!
//! The order is cosign's: a variable, then a terminal, then standard input. The terminal's echo is switched off for
//! as long as [`Silent`] lives, and comes back however the prompt ends: with an answer, an error, or Ctrl-C.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::failure::Failure;
use countersign_core::key::Password;

/// Longer passwords are a mistake: a file piped in by accident.
const PASSWORD_BYTES: u64 = 64 << 10;

/// The passwords of one command. A terminal is asked for each; a variable, or a pipe, which can be read once, holds one
/// for all.
#[derive(Default)]
pub(crate) struct Passwords {
    piped: Option<Password>,
}

impl Passwords {
    /// The password of a key that is there already.
    pub(crate) async fn of(&mut self, context: &Context, key: &str) -> Result<Password, Failure> {
        match self.shared(context)? {
            Some(password) => Ok(password),
            None => ask(format!("Enter password for {key}: ")).await,
        }
    }

    /// The password of a new key.
    pub(crate) async fn of_new(&mut self, context: &Context) -> Result<Password, Failure> {
        match self.shared(context)? {
            Some(password) => Ok(password),
            None => ask_twice().await,
        }
    }

    /// The one password for all keys, where it does not come from a terminal.
    fn shared(&mut self, context: &Context) -> Result<Option<Password>, Failure> {
        if let Some(password) = context.environment.password() {
            return Ok(Some(password));
        }
        if self.piped.is_none() && !io::stdin().is_terminal() {
            self.piped = Some(from_pipe()?);
        }
        Ok(self.piped.clone())
    }

    /// Where the one password for all keys comes from.
    pub(crate) fn source(&self, context: &Context) -> Option<&'static str> {
        let piped = self.piped.as_ref().map(|_| "standard input");
        context.environment.password_variable().or(piped)
    }
}

async fn ask_twice() -> Result<Password, Failure> {
    let first = ask("Enter password for private key: ".into()).await?;
    let second = ask("Enter password for private key again: ".into()).await?;
    if *first == *second {
        Ok(first)
    } else {
        Err(Failure::usage("the passwords differ").hint("run it again"))
    }
}

/// Asks a question that is answered with yes or no; without a terminal the answer is no.
pub(crate) fn confirm(context: &Context, question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    context.output.status(format!("{question} [y/N]"));
    let mut answer = String::new();
    io::stdin()
        .lock()
        .take(64)
        .read_line(&mut answer)
        .map_err(|error| Failure::io("standard input", error))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn from_pipe() -> Result<Password, Failure> {
    let mut password = Zeroizing::new(Vec::new());
    io::stdin()
        .lock()
        .take(PASSWORD_BYTES + 1)
        .read_to_end(&mut password)
        .map_err(|error| Failure::io("standard input", error))?;
    if password.is_empty() {
        return Err(Failure::usage(
            "a password is needed, and there is neither a terminal nor a pipe to read it from",
        )
        .hint("set COUNTERSIGN_PASSWORD (or COSIGN_PASSWORD); for an empty password set it to nothing"));
    }
    if password.len() as u64 > PASSWORD_BYTES {
        return Err(Failure::usage(format!(
            "standard input: a password of more than {PASSWORD_BYTES} bytes"
        )));
    }
    Ok(without_line_end(password))
}

fn without_line_end(mut password: Password) -> Password {
    if password.last() == Some(&b'\n') {
        password.pop();
        if password.last() == Some(&b'\r') {
            password.pop();
        }
    }
    password
}

/// Asks on the terminal without blocking the thread that waits for Ctrl-C.
async fn ask(question: String) -> Result<Password, Failure> {
    let tty = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|error| Failure::io("/dev/tty", error))?;
    let silent = Silent::new(tty.try_clone().map_err(|error| Failure::io("/dev/tty", error))?)?;
    let answer = tokio::task::spawn_blocking(move || read_answer(tty, &question)).await;
    drop(silent);
    match answer {
        Ok(read) => read.map_err(|error| Failure::io("/dev/tty", error)),
        Err(error) => Err(Failure::io("/dev/tty", io::Error::other(error))),
    }
}

fn read_answer(mut tty: File, question: &str) -> io::Result<Password> {
    tty.write_all(question.as_bytes())?;
    let mut answer = Zeroizing::new(Vec::new());
    BufReader::new(&tty).take(PASSWORD_BYTES).read_until(b'\n', &mut answer)?;
    tty.write_all(b"\n")?;
    Ok(without_line_end(answer))
}

/// A terminal that shows nothing of what is typed.
struct Silent {
    tty: File,
    before: Termios,
}

impl Silent {
    fn new(tty: File) -> Result<Self, Failure> {
        let failed = |error: rustix::io::Errno| Failure::io("/dev/tty", error.into());
        let before = tcgetattr(&tty).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&tty, OptionalActions::Flush, &silent).map_err(failed)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Silent {
    /// Nothing can be done, and nobody told, when this fails.
    fn drop(&mut self) {
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }
}
