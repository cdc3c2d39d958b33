//! Real registries on loopback, each ended with the value that started it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::peer;

/// How long a registry may take to start: long, since it decides nothing but that something is broken.
const START: Duration = Duration::from_secs(60);

/// The real registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Debian's docker-registry (distribution 2.8): no referrers API.
    Distribution2,
    /// distribution 3: no referrers API.
    Distribution3,
    /// `crane registry serve`: no referrers API.
    Crane,
    /// go-containerregistry's registry with the referrers API.
    Referrers,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Distribution2, Self::Distribution3, Self::Crane, Self::Referrers];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Distribution2 => "distribution 2.8",
            Self::Distribution3 => "distribution 3",
            Self::Crane => "crane",
            Self::Referrers => "referrers API",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Distribution2 => "DOCKER_REGISTRY",
            Self::Distribution3 => "DISTRIBUTION3",
            Self::Crane => "CRANE",
            Self::Referrers => "REGISTRY_REFERRERS",
        }
    }
}

/// A registry that runs.
pub struct Server {
    /// Which one it is.
    pub kind: Kind,
    host: String,
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts one, empty; `None` where it is not installed.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(kind: Kind) -> Option<Self> {
        let program = peer(kind.variable())?;
        let folder = TempDir::new().expect("a temporary folder");
        let mut command = Command::new(program);
        command.env("OTEL_TRACES_EXPORTER", "none").stdin(Stdio::null());
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).expect("a folder for the registry");
        match kind {
            Kind::Distribution2 | Kind::Distribution3 => {
                let config = folder.path().join("config.yml");
                let text = format!(
                    "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n",
                    disk.display()
                );
                std::fs::write(&config, text).expect("the registry's configuration");
                command.arg("serve").arg(config).stdout(Stdio::null()).stderr(Stdio::piped());
            }
            Kind::Crane => {
                command.args(["registry", "serve", "--address", "127.0.0.1:0", "--disk"]).arg(&disk);
                command.stdout(Stdio::null()).stderr(Stdio::piped());
            }
            Kind::Referrers => {
                command.args(["-address", "127.0.0.1:0", "-log"]).arg(folder.path().join("requests.log"));
                command.stdout(Stdio::piped()).stderr(Stdio::null());
            }
        }
        let mut child = command.spawn().expect("the registry starts");
        let host = listening(&mut child);
        Some(Self { kind, host, child, folder })
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The requests so far, a line each; only of the registry that logs them.
    pub fn requests(&self) -> Option<Vec<String>> {
        let log: PathBuf = self.folder.path().join("requests.log");
        let file = File::open(log).ok()?;
        BufReader::new(file).lines().collect::<Result<_, _>>().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads until the registry says where it listens, and goes on reading so that its pipe never fills.
fn listening(child: &mut Child) -> String {
    let output: Box<dyn std::io::Read + Send> = match (child.stdout.take(), child.stderr.take()) {
        (Some(stdout), _) => Box::new(stdout),
        (None, Some(stderr)) => Box::new(stderr),
        (None, None) => panic!("the registry's output is not piped"),
    };
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(host) = address(&line) {
                // The test is no longer waiting once it has one.
                let _ = send.send(host);
            }
        }
    });
    receive.recv_timeout(START).expect("the registry says where it listens")
}

fn address(line: &str) -> Option<String> {
    if let Some((_, port)) = line.split_once("serving on port ") {
        return Some(format!("127.0.0.1:{}", digits(port)));
    }
    let (_, port) = line.split_once("127.0.0.1:")?;
    Some(format!("127.0.0.1:{}", digits(port))).filter(|_| !digits(port).is_empty() && digits(port) != "0")
}

fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}
