//! A hermetic place to run programs in.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The password of every key that tests make.
pub(crate) const PASSWORD: &str = "pw";

/// The `countersign` binary of the profile that the tests were built with, built first where needed.
///
/// # Panics
/// When it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(given) = std::env::var_os("COUNTERSIGN") {
            return given.into();
        }
        // target/PROFILE/deps/TEST
        let test = std::env::current_exe().expect("the test's own path");
        let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps").to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--workspace", "--bins"]).current_dir(super::project());
        build.arg("--target-dir").arg(profile.parent().expect("target"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo").success(), "the program does not build");
        profile.join("countersign")
    })
}

/// A folder of its own, with an empty home, and an environment that holds only what is put there.
pub struct Sandbox {
    folder: TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// A new one. `COSIGN_PASSWORD` is `pw`.
    ///
    /// # Panics
    /// When there is no temporary folder.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("home")).expect("a home");
        let sandbox = Self { folder, variables: Vec::new() };
        let home = sandbox.path("home");
        let path = std::env::var_os("PATH").unwrap_or_default();
        sandbox
            .with("HOME", home)
            .with("PATH", path)
            .with("COSIGN_PASSWORD", PASSWORD)
            .with("LANG", "C.UTF-8")
    }

    /// A new one with the key pair `cosign` and an unsigned image, `oci:image:v1`.
    pub fn with_image() -> Self {
        let sandbox = Self::new();
        sandbox.countersign(["generate-key-pair"]).succeeds();
        sandbox.countersign(["demo", "--build-image", "oci:image:v1"]).succeeds();
        sandbox
    }

    /// The same with another variable.
    pub fn with(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.retain(|(known, _)| known != name.as_ref());
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The same without a variable.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// A path in the folder, which is also the working directory of what runs here.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    ///
    /// # Panics
    /// When that fails.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file in the sandbox");
        path
    }

    /// Reads a file of the folder.
    ///
    /// # Panics
    /// When that fails.
    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A command that will run here.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a program.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Run {
        let mut command = self.command(program);
        command.args(arguments);
        Run::of(&mut command, b"")
    }

    /// Runs `countersign`.
    pub fn countersign<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        self.run(program(), arguments)
    }

    /// Runs `countersign` with something on its standard input.
    pub fn countersign_with<A: AsRef<OsStr>>(
        &self,
        input: &[u8],
        arguments: impl IntoIterator<Item = A>,
    ) -> Run {
        let mut command = self.command(program());
        command.args(arguments).stdin(Stdio::piped());
        Run::of(&mut command, input)
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Run {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn of(command: &mut Command, input: &[u8]) -> Self {
        let line = describe(command);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        if let Some(mut stdin) = child.stdin.take() {
            // A program that reads nothing closes the pipe.
            let _ = stdin.write_all(input);
        }
        let Output { status, stdout, stderr } = child.wait_with_output().expect("its output");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { line, code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Checks the exit code.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\nstdout: {}\nstderr: {}", self.line, self.stdout, self.stderr);
        self
    }

    /// Checks that it succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.ends(0)
    }

    /// Checks the exit code, and that standard error has the stable code of the failure.
    ///
    /// # Panics
    /// When either is another.
    #[track_caller]
    pub fn fails(self, code: i32, stable: &str) -> Self {
        let run = self.ends(code);
        assert!(
            run.stderr.contains(&format!("[{stable}]")),
            "{}\nexpected [{stable}] in: {}",
            run.line,
            run.stderr
        );
        run
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.line, self.stdout))
    }
}

fn describe(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(line, " {}", argument.to_string_lossy());
    }
    line
}
