//! `login`

use std::io::Read;

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::limits;
use countersign_core::outcome::Outcome;
use countersign_core::source::registry::credentials::{self, Credential, Helper, Secret};

use super::Result;
use crate::context::Context;
use crate::credentials::read_config;
use crate::failure::Failure;
use crate::options::go_bool;

/// Log in to a registry.
///
/// The credentials are kept where docker, podman and cosign find them too.
#[derive(Args, Debug)]
pub(crate) struct LoginArgs {
    /// The registry; without one, Docker Hub
    #[arg(value_name = "HOST", default_value = "index.docker.io")]
    host: String,

    /// User name
    #[arg(long, short, value_name = "NAME")]
    username: Option<String>,

    /// Password; other users of this machine can see it: prefer --password-stdin
    #[arg(long, short, value_name = "PASSWORD", conflicts_with = "password_stdin")]
    password: Option<String>,

    /// Read the password from standard input
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    password_stdin: bool,
}

pub(super) async fn run(args: &LoginArgs, context: &Context) -> Result {
    let username = args.username.clone().ok_or_else(|| {
        Failure::usage("no user name to log in with").hint("give --username NAME and --password-stdin")
    })?;
    let password = Secret::from(password(args)?);
    let credential = Credential::Basic { username, password };
    let path = config_path(context)?;
    let host = canonical(&args.host);
    match read_config(&path)?.as_ref().and_then(|config| config.helper(&host).map(str::to_owned)) {
        Some(helper) => {
            Helper::named(&helper)?.store(&host, &credential).await?;
            context.output.status(format!("Logged in to {host} (kept by docker-credential-{helper})"));
        }
        None => {
            let before = content(&path)?;
            let after =
                credentials::login(&before, &host, &credential).map_err(|error| malformed(&path, &error))?;
            write(&path, &after)?;
            context.output.status(format!("Logged in to {host} (kept in {})", path.display()));
        }
    }
    Ok(Outcome::Proven)
}

fn password(args: &LoginArgs) -> std::result::Result<String, Failure> {
    if let Some(password) = &args.password {
        return Ok(password.clone());
    }
    if !args.password_stdin {
        return Err(Failure::usage("no password to log in with")
            .hint("pipe it in: countersign login --password-stdin -u NAME HOST < FILE"));
    }
    let mut password = String::new();
    std::io::stdin()
        .lock()
        .take(limits::SMALL_FILE_BYTES)
        .read_to_string(&mut password)
        .map_err(|error| Failure::io("standard input", error))?;
    match password.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::usage("the password on standard input is empty")),
        password => Ok(password.to_owned()),
    }
}

/// The name that references give this registry.
pub(super) fn canonical(host: &str) -> String {
    let host = host.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    match host.to_ascii_lowercase().as_str() {
        "docker.io" | "registry-1.docker.io" | "index.docker.io/v1" => "index.docker.io".into(),
        other => other.into(),
    }
}

pub(super) fn config_path(context: &Context) -> std::result::Result<std::path::PathBuf, Failure> {
    context.environment.login_file().ok_or_else(|| {
        Failure::usage("there is no home directory to keep credentials in")
            .hint("set HOME, DOCKER_CONFIG or REGISTRY_AUTH_FILE")
    })
}

/// What stands in the file; nothing where there is none.
pub(super) fn content(path: &std::path::Path) -> std::result::Result<Vec<u8>, Failure> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => {
            file::read_bounded(path, limits::SMALL_FILE_BYTES).map_err(|error| Failure::setting(path, &error))
        }
    }
}

pub(super) fn write(path: &std::path::Path, content: &[u8]) -> std::result::Result<(), Failure> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(|error| Failure::io(directory.display(), error))?;
    }
    Ok(file::write_atomic(path, content, Mode::Private0600, Overwrite::Replace)?)
}

pub(super) fn malformed(path: &std::path::Path, error: &credentials::ConfigError) -> Failure {
    Failure::usage(format!("{}: {error}", path.display())).hint("mend the file; nothing was written")
}
