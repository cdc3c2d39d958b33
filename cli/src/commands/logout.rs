//! `logout`

use clap::Args;

use countersign_core::outcome::Outcome;
use countersign_core::source::registry::credentials::{self, Helper};

use super::{Result, login};
use crate::context::Context;
use crate::credentials::read_config;

/// Forget the credentials of a registry.
#[derive(Args, Debug)]
pub(crate) struct LogoutArgs {
    /// The registry; without one, Docker Hub
    #[arg(value_name = "HOST", default_value = "index.docker.io")]
    host: String,
}

pub(super) async fn run(args: &LogoutArgs, context: &Context) -> Result {
    let path = login::config_path(context)?;
    let host = login::canonical(&args.host);
    if let Some(helper) =
        read_config(&path)?.as_ref().and_then(|config| config.helper(&host).map(str::to_owned))
    {
        Helper::named(&helper)?.erase(&host).await?;
    }
    let before = login::content(&path)?;
    match credentials::logout(&before, &host).map_err(|error| login::malformed(&path, &error))? {
        Some(after) => {
            login::write(&path, &after)?;
            context.output.status(format!("Removed the credentials of {host}"));
        }
        None => context.output.status(format!("{} has no credentials of {host}", path.display())),
    }
    Ok(Outcome::Proven)
}
