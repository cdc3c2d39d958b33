//! From a reference on the command line to an image in a store.

use std::path::Path;
use std::sync::Arc;

use countersign_core::image::Image;
use countersign_core::limits;
use countersign_core::outcome::Outcome;
use countersign_core::reference::{ImageReference, LocalReference, Location, Repository, Selector, Tag};
use countersign_core::source::Source;
use countersign_core::source::archive::Archive;
use countersign_core::source::layout::Layout;
use countersign_core::source::registry::credentials::Secret;
use countersign_core::source::registry::{ClientCertificate, ReferrersMode, Registry, RegistryOptions};
use countersign_core::{file, gather};

use crate::context::Context;
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::hints;
use crate::options::{ReferrersModeArg, RegistryArgs};
use crate::output::Output;

/// The stores of one command: one client, with its connections and tokens, for all of its images.
pub(crate) struct Stores {
    registry: Registry,
    attachments: Option<Repository>,
    credentials: Arc<Credentials>,
    attachment_bytes: u64,
    jobs: usize,
    writing: bool,
}

/// An image that a reference names.
#[derive(Clone)]
pub(crate) struct Resolved {
    /// Where it is.
    pub(crate) image: Image,
    /// The name that a legacy signature says it was signed under.
    pub(crate) docker_reference: String,
    /// Whether it was named by a tag: what it names may be another image tomorrow.
    pub(crate) by_tag: bool,
}

impl Resolved {
    /// Says that what is signed under the name `text` is one image, where the name may be another's tomorrow.
    pub(crate) fn warn_of_tag(&self, text: &str, output: &Output) {
        if self.by_tag {
            let digest = &self.image.digest;
            output.warning(format!(
                "'{text}' names an image by tag, which may move; what is signed is {digest}"
            ));
        }
    }
}

impl Stores {
    pub(crate) fn new(context: &Context, args: &RegistryArgs) -> Result<Self, Failure> {
        let attachments = match &args.repository {
            Some(text) => Some(text.parse()?),
            None => context.environment.repository()?,
        };
        let mut options = options(context, args)?;
        let credentials = Arc::new(Credentials::new(context, args));
        options.credentials = credentials.clone();
        let jobs = options.jobs;
        Ok(Self {
            registry: Registry::new(options),
            attachments,
            credentials,
            attachment_bytes: attachment_bytes(context, args)?,
            jobs,
            writing: false,
        })
    }

    /// The same for a command that will write: its first token is one that allows it.
    pub(crate) fn for_writing(self) -> Self {
        Self { writing: true, ..self }
    }

    /// What to gather, and within which bounds.
    pub(crate) fn gather_options(&self) -> gather::GatherOptions {
        gather::GatherOptions { attachment_bytes: self.attachment_bytes, ..gather::GatherOptions::default() }
    }

    /// How many images are looked at in parallel.
    pub(crate) const fn jobs(&self) -> usize {
        self.jobs
    }

    /// The repository that a reference names.
    pub(crate) fn repository(&self, repository: &Repository) -> Arc<dyn Source> {
        self.credentials.named(repository.host());
        let source = self.registry.repository(repository.clone());
        Arc::new(if self.writing { source.for_writing() } else { source })
    }

    /// Resolves what the user typed: once, for the whole command.
    pub(crate) async fn image(&self, text: &str) -> Result<Resolved, Failure> {
        self.resolve(text).await.map_err(|failure| hints::local(failure, text))
    }

    async fn resolve(&self, text: &str) -> Result<Resolved, Failure> {
        let location: Location = text.parse()?;
        let (source, selector) = self.open(&location)?;
        let attachments = match &self.attachments {
            Some(repository) => self.repository(repository),
            None => source.clone(),
        };
        let by_tag = matches!(selector, Selector::Tag(_));
        let image = Image::resolve(source, attachments, &selector).await?;
        Ok(Resolved { image, docker_reference: docker_reference(&location), by_tag })
    }

    /// The image of one platform, where a text names an index and `platform` is given.
    pub(crate) async fn image_of(&self, text: &str, platform: Option<&str>) -> Result<Image, Failure> {
        let image = self.image(text).await?.image;
        match platform {
            Some(wanted) => of_platform(&image, wanted).await,
            None => Ok(image),
        }
    }

    /// Every image that is to be signed, and with `recursive` every manifest in it. All are looked up before the first is
    /// signed.
    pub(crate) async fn to_sign(
        &self,
        texts: &[String],
        recursive: bool,
        output: &Output,
    ) -> Result<Vec<Resolved>, Failure> {
        let mut images = Vec::new();
        for text in texts {
            let resolved = self.image(text).await?;
            resolved.warn_of_tag(text, output);
            let parts =
                if recursive { resolved.image.with_children().await? } else { vec![resolved.image.clone()] };
            images.extend(parts.into_iter().map(|image| Resolved { image, ..resolved.clone() }));
        }
        Ok(images)
    }

    fn open(&self, location: &Location) -> Result<(Arc<dyn Source>, Selector), Failure> {
        Ok(match location {
            Location::Registry(reference) => (self.repository(&reference.repository), reference.selector()),
            Location::Layout(local) => {
                let layout = Layout::open(&local.path)?;
                let selector = layout.select(local.selector.as_ref())?;
                (Arc::new(layout), selector)
            }
            Location::OciArchive(local) => {
                let archive = Archive::open_oci(&local.path)?;
                let selector = archive.select(local.selector.as_ref())?;
                (Arc::new(archive), selector)
            }
            Location::DockerArchive(local) => {
                let archive = Archive::open_docker(&local.path)?;
                let selector = archive.select(local.selector.as_ref())?;
                (Arc::new(archive), selector)
            }
        })
    }

    /// Where something is to be written, and under which tag. A layout is made where there is none.
    pub(crate) fn target(&self, text: &str) -> Result<(Arc<dyn Source>, Option<Tag>), Failure> {
        match text.parse()? {
            Location::Registry(reference) => {
                if reference.digest.is_some() {
                    return Err(Failure::usage(format!(
                        "{text}: a digest cannot be written to: it follows from the content"
                    ))
                    .hint("name a tag, or only the repository"));
                }
                let tag = reference.tag.clone().or_else(|| tag_of(&reference));
                self.credentials.named(reference.repository.host());
                Ok((Arc::new(self.registry.repository(reference.repository.clone()).for_writing()), tag))
            }
            Location::Layout(local) => {
                let tag = local_tag(text, &local)?;
                Ok((Arc::new(Layout::create(&local.path)?), tag))
            }
            Location::OciArchive(_) | Location::DockerArchive(_) => {
                Err(Failure::usage(format!("{text}: archives are only read here"))
                    .hint("copy to 'oci:DIR', or use 'save --archive FILE'"))
            }
        }
    }
}

/// The one image of a platform, where `image` is an index.
pub(crate) async fn of_platform(image: &Image, wanted: &str) -> Result<Image, Failure> {
    match image.of_platform(wanted).await?.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            let message = format!("{}: no image for platform {wanted}", image.name());
            Err(Failure::new(Outcome::Undecided, "NOT_FOUND", message)
                .hint("'countersign inspect IMAGE' lists the platforms there are"))
        }
        _ => Err(Failure::usage(format!("{}: several images for platform {wanted}", image.name()))
            .hint("name the variant as well, such as linux/arm/v7")),
    }
}

/// The one image for linux and this machine's processor, where `image` is an index and no platform is named.
pub(crate) async fn of_this_platform(image: &Image) -> Result<Image, Failure> {
    of_platform(image, &format!("linux/{}", architecture()))
        .await
        .map_err(|failure| failure.hint("it is an index of several images: name one with --platform"))
}

/// This machine's processor, as Go names it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        other => other,
    }
}

/// Refuses to make a tag name another image unless told to.
pub(crate) async fn check_tag(
    target: &dyn Source,
    tag: Option<&Tag>,
    image: &Image,
    force: bool,
) -> Result<(), Failure> {
    let (Some(tag), false) = (tag, force) else { return Ok(()) };
    match target.resolve(&Selector::Tag(tag.clone())).await? {
        Some(there) if there.digest != image.digest => Err(Failure::usage(format!(
            "{}:{tag}: the tag names another image, {}",
            target.name(),
            there.digest
        ))
        .hint("give --force to move it")),
        _ => Ok(()),
    }
}

fn tag_of(reference: &ImageReference) -> Option<Tag> {
    match reference.selector() {
        Selector::Tag(tag) => Some(tag),
        Selector::Digest(_) => None,
    }
}

fn local_tag(text: &str, local: &LocalReference) -> Result<Option<Tag>, Failure> {
    use countersign_core::reference::LocalSelector;
    match &local.selector {
        None => Ok(None),
        Some(LocalSelector::Name(name)) => Ok(Some(name.parse()?)),
        Some(LocalSelector::Digest(_)) => {
            Err(Failure::usage(format!("{text}: a digest cannot be written to: it follows from the content"))
                .hint("name a tag, or only the directory"))
        }
    }
}

/// What a legacy payload calls the image: never a path of the signer's machine.
fn docker_reference(location: &Location) -> String {
    match location {
        Location::Registry(reference) => reference.repository.to_string(),
        Location::Layout(local) | Location::OciArchive(local) | Location::DockerArchive(local) => local
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_else(|| "image".into()),
    }
}

fn attachment_bytes(context: &Context, args: &RegistryArgs) -> Result<u64, Failure> {
    match args.max_attachment_size {
        Some(bytes) => Ok(bytes),
        None => Ok(context.environment.max_attachment_size()?.unwrap_or(limits::ATTACHMENT_BYTES)),
    }
}

/// Options without any flag: what a single fetch over https needs.
pub(crate) fn plain_options(context: &Context) -> Result<RegistryOptions, Failure> {
    let mut options = RegistryOptions::new(context.now);
    options.proxy = context.environment.proxy()?;
    if let Some(timeout) = context.timeout {
        options.timeout = timeout;
    }
    Ok(options)
}

fn options(context: &Context, args: &RegistryArgs) -> Result<RegistryOptions, Failure> {
    refuse_unsupported(args)?;
    let mut options = plain_options(context)?;
    options.allow_http = args.allow_http_registry || args.allow_insecure_registry;
    options.danger_accept_invalid_certificates = args.allow_insecure_registry;
    options.certificate_authorities = args.registry_cacert.as_deref().map(setting_file).transpose()?;
    options.client_certificate = match (&args.registry_client_cert, &args.registry_client_key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate {
            certificate: setting_file(certificate)?,
            key: Secret::from(utf8(key, setting_file(key)?)?),
        }),
        _ => None,
    };
    options.jobs = args.jobs.into();
    options.referrers = match args.registry_referrers_mode {
        ReferrersModeArg::Auto => ReferrersMode::Auto,
        ReferrersModeArg::Legacy => ReferrersMode::Legacy,
        ReferrersModeArg::Oci11 => ReferrersMode::Oci11,
    };
    Ok(options)
}

fn refuse_unsupported(args: &RegistryArgs) -> Result<(), Failure> {
    if args.registry_server_name.is_some() {
        return Err(Failure::usage("--registry-server-name is not supported").hint(
            "name the registry as its certificate does, or give its authority with --registry-cacert",
        ));
    }
    if args.attachment_tag_prefix.as_ref().is_some_and(|prefix| !prefix.is_empty()) {
        return Err(Failure::usage("--attachment-tag-prefix is not supported")
            .hint("keep signatures apart in a repository of their own, with --repository"));
    }
    if args.k8s_keychain {
        return Err(Failure::usage("--k8s-keychain is not supported")
            .hint("log in with 'countersign login', or configure a credential helper"));
    }
    Ok(())
}

fn setting_file(path: impl AsRef<Path>) -> Result<Vec<u8>, Failure> {
    let path = path.as_ref();
    file::read_bounded(path, limits::SMALL_FILE_BYTES).map_err(|error| Failure::setting(path, &error))
}

fn utf8(path: &Path, content: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(content).map_err(|_| Failure::usage(format!("{}: is no PEM file", path.display())))
}
