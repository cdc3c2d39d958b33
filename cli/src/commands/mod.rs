//! One file a command: its arguments, and one function.

mod attach;
mod clean;
mod completion;
mod copy;
mod demo;
mod download;
mod generate;
mod generate_key_pair;
mod import_key_pair;
mod inspect;
mod load;
mod login;
mod logout;
mod man;
mod public_key;
mod save;
mod sign;
mod sign_blob;
mod tree;
mod triangulate;
mod verify;
mod verify_blob;
mod version;

use clap::Subcommand;
use countersign_core::outcome::Outcome;

use crate::context::Context;
use crate::failure::Failure;

/// How a command ends.
pub(crate) type Result = std::result::Result<Outcome, Failure>;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show the whole thing: make a key, build an image, sign, verify, tamper; no server needed
    Demo(demo::DemoArgs),
    /// Make a new key pair
    GenerateKeyPair(generate_key_pair::GenerateKeyPairArgs),
    /// Take over a key from another tool
    ImportKeyPair(import_key_pair::ImportKeyPairArgs),
    /// Print the public half of a key
    PublicKey(public_key::PublicKeyArgs),
    /// Sign images
    Sign(Box<sign::SignArgs>),
    /// Verify the signatures of images
    Verify(Box<verify::VerifyArgs>),
    /// Sign a file, or standard input
    SignBlob(Box<sign_blob::SignBlobArgs>),
    /// Verify the signature of a file, or of standard input
    VerifyBlob(Box<verify_blob::VerifyBlobArgs>),
    /// Attach something that was made elsewhere
    #[command(subcommand)]
    Attach(attach::AttachCommand),
    /// Print what is attached to an image
    #[command(subcommand)]
    Download(download::DownloadCommand),
    /// Print the payload that a legacy signature of an image would be over
    Generate(generate::GenerateArgs),
    /// Show what is attached to an image
    Tree(tree::TreeArgs),
    /// Print where something attached to an image is kept
    Triangulate(triangulate::TriangulateArgs),
    /// Copy an image with everything attached to it
    Copy(copy::CopyArgs),
    /// Save an image with everything attached to it in a directory
    Save(save::SaveArgs),
    /// Load a saved image with everything attached to it into a registry
    Load(load::LoadArgs),
    /// Remove what is attached to an image
    Clean(clean::CleanArgs),
    /// Tell what a file or a reference is: a key, a bundle, a manifest
    Inspect(inspect::InspectArgs),
    /// Log in to a registry
    Login(login::LoginArgs),
    /// Forget the credentials of a registry
    Logout(logout::LogoutArgs),
    /// Print a completion script for a shell
    Completion(completion::CompletionArgs),
    /// Print or write the manual pages
    Man(man::ManArgs),
    /// Print the version
    Version(version::VersionArgs),
}

/// Runs a command.
pub(crate) async fn run(command: Command, context: &Context) -> Result {
    match command {
        Command::Demo(args) => demo::run(&args, context).await,
        Command::GenerateKeyPair(args) => generate_key_pair::run(&args, context).await,
        Command::ImportKeyPair(args) => import_key_pair::run(&args, context).await,
        Command::PublicKey(args) => public_key::run(&args, context).await,
        Command::Sign(args) => sign::run(&args, context).await,
        Command::Verify(args) => verify::run(&args, context).await,
        Command::SignBlob(args) => sign_blob::run(&args, context).await,
        Command::VerifyBlob(args) => verify_blob::run(&args, context).await,
        Command::Attach(command) => attach::run(&command, context).await,
        Command::Download(command) => download::run(&command, context).await,
        Command::Generate(args) => generate::run(&args, context).await,
        Command::Tree(args) => tree::run(&args, context).await,
        Command::Triangulate(args) => triangulate::run(&args, context).await,
        Command::Copy(args) => copy::run(&args, context).await,
        Command::Save(args) => save::run(&args, context).await,
        Command::Load(args) => load::run(&args, context).await,
        Command::Clean(args) => clean::run(&args, context).await,
        Command::Inspect(args) => inspect::run(&args, context).await,
        Command::Login(args) => login::run(&args, context).await,
        Command::Logout(args) => logout::run(&args, context).await,
        Command::Completion(args) => completion::run(&args, context),
        Command::Man(args) => man::run(&args, context),
        Command::Version(args) => version::run(&args, context),
    }
}
