//! One file a command: its arguments, and one function.

mod attach;
mod attest;
mod attest_blob;
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
mod sbom;
mod sign;
mod sign_blob;
mod tree;
mod triangulate;
mod verify;
mod verify_attestation;
mod verify_blob;
mod verify_blob_attestation;
mod version;

use clap::Subcommand;
use countersign_core::outcome::Outcome;

use crate::context::Context;
use crate::failure::Failure;

/// How a command ends.
pub(crate) type Result = std::result::Result<Outcome, Failure>;

/// What each does is said at its arguments.
// Only the command that was asked for is put together: all of them would take a good part of verifying an image.
#[derive(Subcommand, Debug)]
#[command(defer = true)]
pub(crate) enum Command {
    Demo(demo::DemoArgs),
    GenerateKeyPair(generate_key_pair::GenerateKeyPairArgs),
    ImportKeyPair(import_key_pair::ImportKeyPairArgs),
    PublicKey(public_key::PublicKeyArgs),
    Sign(Box<sign::SignArgs>),
    Verify(Box<verify::VerifyArgs>),
    SignBlob(Box<sign_blob::SignBlobArgs>),
    VerifyBlob(Box<verify_blob::VerifyBlobArgs>),
    Attest(Box<attest::AttestArgs>),
    VerifyAttestation(Box<verify_attestation::VerifyAttestationArgs>),
    AttestBlob(Box<attest_blob::AttestBlobArgs>),
    VerifyBlobAttestation(Box<verify_blob_attestation::VerifyBlobAttestationArgs>),
    /// Attach something that was made elsewhere
    #[command(subcommand)]
    Attach(attach::AttachCommand),
    /// Print what is attached to an image
    #[command(subcommand)]
    Download(download::DownloadCommand),
    /// Make and read bills of materials
    #[command(subcommand)]
    Sbom(sbom::SbomCommand),
    Generate(generate::GenerateArgs),
    Tree(tree::TreeArgs),
    Triangulate(triangulate::TriangulateArgs),
    Copy(copy::CopyArgs),
    Save(save::SaveArgs),
    Load(load::LoadArgs),
    Clean(clean::CleanArgs),
    Inspect(inspect::InspectArgs),
    Login(login::LoginArgs),
    Logout(logout::LogoutArgs),
    Completion(completion::CompletionArgs),
    Man(man::ManArgs),
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
        Command::Attest(args) => attest::run(&args, context).await,
        Command::VerifyAttestation(args) => verify_attestation::run(&args, context).await,
        Command::AttestBlob(args) => attest_blob::run(&args, context).await,
        Command::VerifyBlobAttestation(args) => verify_blob_attestation::run(&args, context).await,
        Command::Attach(command) => attach::run(&command, context).await,
        Command::Download(command) => download::run(&command, context).await,
        Command::Sbom(command) => sbom::run(&command, context).await,
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
