//! The arguments of a build, as far as a grant needs them.

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use super::wired::Paths;
use crate::{
    cli::{UsageError, is_own_option},
    engine::{BuildArgs, CacheMode, DockerfileLocation, Form, Found, Output, Wired},
    wiring::{Passed, is_ssh_git_url},
};

/// What the user asks docker to build.
#[derive(Debug)]
pub(super) struct Asked {
    program: &'static str,
    arguments: BuildArgs,
}

impl Asked {
    /// Reads the arguments after the command word.
    pub(super) fn read(form: Form, arguments: &[OsString]) -> Result<Self, UsageError> {
        match BuildArgs::parse_as(form.dialect(), arguments) {
            Ok(arguments) => Ok(Self {
                program: form.program(),
                arguments,
            }),
            Err(error) => Err(UsageError::with_hint(error.to_string(), HELP_HINT)),
        }
    }

    /// The arguments as they came.
    pub(super) fn arguments(&self) -> &[OsString] {
        self.arguments.args()
    }

    /// How one of the arguments is called.
    pub(super) fn word(&self, number: usize) -> String {
        self.arguments.name_of(number)
    }

    /// The build arguments whose values are in the engine's environment.
    pub(super) fn inherited(&self) -> Vec<OsString> {
        let arguments = self.arguments.build_args().into_iter();
        let names = arguments.map(|argument| argument.value);
        names
            .filter(|name| !name.as_bytes().contains(&b'='))
            .collect()
    }

    /// The context, where it is a folder of this machine.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        folder(self.arguments.context().filter(|context| *context != "-")?)
    }

    /// The further contexts that are folders of this machine, with their names.
    pub(super) fn named_folders(&self) -> Vec<(String, PathBuf)> {
        let contexts = self.arguments.build_contexts().into_iter();
        contexts
            .filter_map(|(name, place)| Some((name, folder(&place)?)))
            .collect()
    }

    /// The ignore file of the main context, which need not be there.
    pub(super) fn ignore_file(&self, root: &Path, dockerfile: Option<&Path>) -> PathBuf {
        self.arguments.ignore_file(root, dockerfile, Path::is_file)
    }

    /// Why the engine runs without a grant, if it builds no image.
    pub(super) fn why_verbatim(&self) -> Option<String> {
        let program = self.program;
        let has_unknown = !self.arguments.unknown().is_empty();
        if self.arguments.help() || self.arguments.unknown().iter().any(|flag| flag == "-h") {
            Some(format!("{program}'s own help follows; {HELP}"))
        } else if self.arguments.call().is_some() {
            Some(format!("nothing is built, so {program} runs without keys"))
        } else if self.arguments.context().is_none() && !has_unknown {
            Some(format!(
                "there is no one build context, so {program} runs without keys"
            ))
        } else {
            None
        }
    }

    /// Options of Keystay that docker gets, and does not know, since they stand after the command
    /// word.
    pub(super) fn misplaced(&self) -> impl Iterator<Item = &str> {
        let unknown = self.arguments.unknown().iter().map(String::as_str);
        unknown.filter(|flag| is_own_option(flag))
    }

    /// The build's name in records: its first tag, or its context.
    pub(super) fn name(&self) -> String {
        let tags = self.arguments.tags();
        let name = tags.first().copied().or_else(|| self.arguments.context());
        name.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The names that the image gets.
    pub(super) fn tags(&self) -> Vec<String> {
        let tags = self.arguments.tags().into_iter();
        tags.map(|tag| tag.to_string_lossy().into_owned()).collect()
    }

    /// The builder that the user names.
    pub(super) fn builder(&self) -> Option<&OsStr> {
        self.arguments.builder().filter(|name| !name.is_empty())
    }

    /// Whether docker itself may need the user's agent: an `--ssh` of the user's own without a
    /// socket means that one.
    pub(super) fn needs_agent(&self) -> bool {
        !self.arguments.ssh_ids().is_empty()
    }

    /// Where the user wants the image's id.
    pub(super) fn iidfile(&self) -> Option<&Path> {
        self.arguments.iidfile().map(Path::new)
    }

    /// Where the user wants what is known of the build.
    pub(super) fn metadata_file(&self) -> Option<&Path> {
        self.arguments.metadata_file().map(Path::new)
    }

    /// What becomes of the result.
    pub(super) fn results(&self) -> Vec<Output> {
        self.arguments.results()
    }

    /// Whether the image that the engine tells is one of several: podman makes one for each
    /// platform, and saves one.
    pub(super) fn leaves_images_out(&self) -> bool {
        self.arguments.saves_one_of_several()
    }

    /// What the build writes that is searched nowhere, a clause.
    pub(super) fn unseen(&self) -> Option<&'static str> {
        let mode = self.arguments.exported_cache()?;
        Some(match mode {
            CacheMode::EveryStage => EVERY_STAGE,
            CacheMode::Usual => CACHE,
        })
    }

    /// What the user should know of his arguments, beside what is wired, a sentence.
    pub(super) fn warning(&self) -> Option<&'static str> {
        self.arguments.tells_arguments().then_some(PROVENANCE)
    }

    /// Whether docker is to tell the image's id: it fails where it is to tell that of what is no
    /// image.
    fn has_id(&self) -> bool {
        let results = self.results();
        let is_image = |output: &Output| matches!(output, Output::Image { .. });
        let is_none = |output: &Output| matches!(output, Output::Files | Output::Stdout);
        results.iter().any(is_image) && !results.iter().any(is_none)
    }

    /// What the user passes himself.
    pub(super) fn passed(&self) -> Passed {
        Passed {
            ssh_ids: self.arguments.ssh_ids(),
            secret_ids: self.arguments.secret_ids(),
            has_ssh_url: self.has_ssh_url(),
            syntax: self.syntax(),
        }
    }

    /// Whether a build argument is an ssh URL of a repository, its own value or the environment's.
    fn has_ssh_url(&self) -> bool {
        let is_url = |value: &OsStr| is_ssh_git_url(&value.to_string_lossy());
        self.values().any(|(_, value)| is_url(&value))
    }

    /// The frontend that a build argument asks for; the last one counts.
    fn syntax(&self) -> Option<String> {
        let (_, value) = self.values().filter(|(name, _)| name == SYNTAX).last()?;
        Some(value.to_string_lossy().into_owned())
    }

    /// The names and values of the build arguments that have one, their own or the environment's.
    fn values(&self) -> impl Iterator<Item = (OsString, OsString)> {
        let named = self.arguments.build_args().into_iter();
        named.filter_map(|argument| {
            let bytes = argument.value.as_bytes();
            let mut parts = bytes.splitn(2, |&byte| byte == b'=');
            let name = OsStr::from_bytes(parts.next()?).to_owned();
            let value = match parts.next() {
                Some(value) => OsStr::from_bytes(value).to_owned(),
                None => env::var_os(&name)?,
            };
            Some((name, value))
        })
    }

    /// Whether a context is fetched by the engine's own git, as the ssh id `default`.
    pub(super) fn context_needs_ssh(&self) -> bool {
        self.arguments.context_needs_ssh()
    }

    /// Where docker reads the Dockerfile.
    pub(super) fn dockerfile(&self, folder: &Path) -> DockerfileLocation {
        self.arguments
            .dockerfile_location(folder, |path| match path.metadata() {
                Ok(data) if data.is_dir() => Found::Directory,
                Ok(_) => Found::File,
                Err(_) => Found::Nothing,
            })
    }

    /// The platforms that it is for: the user's, else docker's usual one where there is such.
    pub(super) fn platforms(&self) -> Vec<String> {
        let named = self.arguments.platforms();
        let mut texts: Vec<_> = named.iter().map(|name| name.to_string_lossy()).collect();
        let usual = env::var("DOCKER_DEFAULT_PLATFORM").unwrap_or_default();
        if texts.is_empty() {
            texts.push(usual.into());
        }
        let parts = texts.iter().flat_map(|text| text.split(','));
        parts
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The arguments of the wired build.
    pub(super) fn wired(&self, paths: &Paths) -> Vec<OsString> {
        self.arguments.wired(&Wired {
            dockerfile: paths.dockerfile.clone(),
            ssh: paths.ssh.clone(),
            secrets: paths.secrets.clone(),
            iidfile: self.has_id().then(|| paths.iidfile.clone()),
        })
    }
}

/// The folder of this name below the current one, if it is one.
fn folder(name: &OsStr) -> Option<PathBuf> {
    let path = env::current_dir().ok()?.join(name);
    path.is_dir().then_some(path)
}

/// The build argument by which `BuildKit` is told another frontend.
const SYNTAX: &str = "BUILDKIT_SYNTAX";
const HELP: &str = "keystay's options stand before `build`: `keystay help`";
const EVERY_STAGE: &str = "the cache that `--cache-to` exports, with the layers of every stage";
const CACHE: &str = "the cache that `--cache-to` exports, which may hold layers of other stages";
const PROVENANCE: &str = "provenance in mode max tells the values of all build arguments to who \
                          gets the image; `--provenance=mode=min` does not";
const HELP_HINT: &str = "`keystay build --help` shows docker's help";

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        Asked::read(Form::Build, &words).unwrap()
    }

    #[test]
    fn what_builds_no_image_gets_no_grant() {
        for line in ["--help", "-h ."] {
            let why = format!("docker's own help follows; {HELP}");
            assert_eq!(asked(line).why_verbatim(), Some(why), "{line}");
        }
        for line in ["--check .", "--call=outline ."] {
            let why = "nothing is built, so docker runs without keys";
            assert_eq!(asked(line).why_verbatim().as_deref(), Some(why), "{line}");
        }
        for line in ["", "a b"] {
            let why = "there is no one build context, so docker runs without keys";
            assert_eq!(asked(line).why_verbatim().as_deref(), Some(why), "{line}");
        }
        for line in [".", "-t --help .", "--new-flag x .", "--call=build ."] {
            assert_eq!(asked(line).why_verbatim(), None, "{line}");
        }
    }

    #[test]
    fn options_of_ours_are_told_from_those_of_docker() {
        let asked = asked("--key agent --dry-run --wire=none -q --ssh default --new-flag .");
        let misplaced: Vec<_> = asked.misplaced().collect();
        assert_eq!(misplaced, ["--key", "--dry-run", "--wire"]);
    }

    #[test]
    fn a_build_is_named_by_its_tag_or_its_context() {
        assert_eq!(asked("-t app:1 -t app:2 src").name(), "app:1");
        assert_eq!(asked("src").name(), "src");
    }

    #[test]
    fn what_is_searched_nowhere_is_told() {
        assert_eq!(asked("-t app .").unseen(), None);
        assert_eq!(
            asked("--cache-to type=local,dest=c,mode=max .").unseen(),
            Some(EVERY_STAGE)
        );
        assert_eq!(asked("--cache-to app:cache .").unseen(), Some(CACHE));
    }

    #[test]
    fn provenance_that_tells_arguments_is_warned_of() {
        assert_eq!(asked("--provenance=mode=max .").warning(), None);
        let line = "--provenance=mode=max --build-arg A=1 .";
        assert_eq!(asked(line).warning(), Some(PROVENANCE));
    }

    #[test]
    fn the_last_frontend_of_the_arguments_counts() {
        let syntax = |line| asked(line).passed().syntax;
        assert_eq!(syntax("--build-arg A=1 ."), None);
        let twice = "--build-arg BUILDKIT_SYNTAX=a --build-arg=BUILDKIT_SYNTAX=b=c .";
        assert_eq!(syntax(twice).as_deref(), Some("b=c"));
    }

    #[test]
    fn no_image_id_is_asked_for_where_there_is_no_image() {
        let paths = Paths {
            iidfile: "id".into(),
            ..Paths::default()
        };
        let words = |line: &str| asked(line).wired(&paths);
        assert_eq!(words("."), ["--iidfile", "id", "."]);
        assert_eq!(words("-o out ."), ["-o", "out", "."]);
        let both = "-o type=docker -o type=tar,dest=a .";
        assert_eq!(words(both), both.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn an_argument_without_its_value_is_a_usage_error() {
        let error = Asked::read(Form::Build, &[".".into(), "-t".into()]).unwrap_err();
        assert_eq!(error.to_string(), "flag needs an argument: -t");
    }
}
