//! Where docker will read the Dockerfile.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::{BuildArgs, Dialect};
use crate::wiring::is_ssh_git_url;

/// Where docker will read the Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DockerfileLocation {
    /// A file. It may not exist; docker says so.
    Path(PathBuf),
    /// Standard input (`-f -`). A changed one is to be given there too.
    Stdin,
    /// Standard input is the context: a Dockerfile alone, or an archive with one in it. A changed
    /// Dockerfile that stood alone is to be given there too.
    StdinContext,
    /// Within a remote context, or at a URL of its own.
    Remote(OsString),
    /// Podman makes it of several files, or has it processed first.
    Made,
    /// It cannot be told; docker may refuse the arguments.
    Unknown,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A directory.
    Directory,
    /// Anything else.
    File,
}

impl BuildArgs {
    /// Where docker will read the Dockerfile. Relative paths are relative to `directory`, the current
    /// one; `look` says what stands at a path, symbolic links followed.
    #[must_use]
    pub fn dockerfile_location(
        &self,
        directory: &Path,
        look: impl Fn(&Path) -> Found,
    ) -> DockerfileLocation {
        let Some(context) = self.context() else {
            return DockerfileLocation::Unknown;
        };
        if self.file() == Some(OsStr::new("-")) {
            return DockerfileLocation::Stdin;
        }
        if let Some(file) = self.file().filter(|file| is_http(file)) {
            return DockerfileLocation::Remote(file.to_owned());
        }
        if context == "-" {
            return DockerfileLocation::StdinContext;
        }
        let folder = directory.join(context);
        if look(&folder) != Found::Directory {
            let remote = is_http(context) || is_git(context);
            return if remote {
                DockerfileLocation::Remote(context.to_owned())
            } else {
                DockerfileLocation::Unknown
            };
        }
        if self.dialect == Dialect::Podman {
            return self.containerfile(directory, &folder, look);
        }
        let file = self
            .file()
            .map_or_else(|| folder.join(DOCKERFILE), |file| directory.join(file));
        DockerfileLocation::Path(in_its_case(file, look))
    }

    /// The file that podman reads: of the current folder, else of the context; a `Containerfile`
    /// before a `Dockerfile`. Several are read as one, and those for the C preprocessor after it.
    fn containerfile(
        &self,
        directory: &Path,
        folder: &Path,
        look: impl Fn(&Path) -> Found,
    ) -> DockerfileLocation {
        let is_there = |path: &PathBuf| look(path) == Found::File;
        let mut paths = match self.file() {
            Some(file) => [directory.join(file), folder.join(file)],
            None => [CONTAINERFILE, DOCKERFILE].map(|name| folder.join(name)),
        }
        .into_iter();
        let is_processed = |path: &Path| path.extension().is_some_and(|ending| ending == "in");
        if self.uses("file").count() > 1 {
            return DockerfileLocation::Made;
        }
        match paths.find(is_there) {
            Some(path) if is_processed(&path) => DockerfileLocation::Made,
            Some(path) => DockerfileLocation::Path(path),
            None => DockerfileLocation::Unknown,
        }
    }

    /// Whether a context is a git repository that `BuildKit` fetches over ssh, with the id `default`.
    #[must_use]
    pub fn context_needs_ssh(&self) -> bool {
        let further = self.build_contexts().into_iter().map(|(_, place)| place);
        let mut contexts = self
            .context()
            .map(OsStr::to_owned)
            .into_iter()
            .chain(further);
        contexts.any(|context| is_ssh_git_url(&context.to_string_lossy()))
    }
}

impl BuildArgs {
    /// The ignore file of a context, which need not be there: that of the Dockerfile alone, where
    /// `is_there`, else the context's. Podman has names of its own, and an option.
    #[must_use]
    pub fn ignore_file(
        &self,
        context: &Path,
        dockerfile: Option<&Path>,
        is_there: impl Fn(&Path) -> bool,
    ) -> PathBuf {
        let podman = self.dialect == Dialect::Podman;
        if let Some(file) = self.uses("ignorefile").next_back().filter(|_| podman) {
            return context.join(file.value.as_deref().unwrap_or_default());
        }
        let names: &[&str] = if podman {
            &[CONTAINERIGNORE, DOCKERIGNORE]
        } else {
            &[DOCKERIGNORE]
        };
        let own = dockerfile.into_iter();
        let own = own.flat_map(|file| names.iter().map(|name| with_suffix(file, name)));
        let shared = names.iter().map(|name| context.join(name));
        let mut candidates = own.chain(shared);
        let found = candidates.find(|path| is_there(path));
        found.unwrap_or_else(|| context.join(DOCKERIGNORE))
    }
}

/// The ignore file that belongs to one Dockerfile alone, and takes the place of the context's
/// `.dockerignore`. A copy of the Dockerfile needs a copy of it beside it.
#[must_use]
pub fn dockerignore_for(dockerfile: &Path) -> PathBuf {
    with_suffix(dockerfile, DOCKERIGNORE)
}

/// The build policy that buildx (since 0.31) reads beside a Dockerfile. A copy of the Dockerfile
/// needs a copy of it beside it.
#[must_use]
pub fn policy_for(dockerfile: &Path) -> PathBuf {
    with_suffix(dockerfile, ".rego")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A `Dockerfile` that does not exist may be a `dockerfile`.
fn in_its_case(file: PathBuf, look: impl Fn(&Path) -> Found) -> PathBuf {
    if file.file_name() == Some(OsStr::new(DOCKERFILE)) && look(&file) == Found::Nothing {
        let lower = file.with_file_name(DOCKERFILE.to_lowercase());
        if look(&lower) != Found::Nothing {
            return lower;
        }
    }
    file
}

fn is_http(text: &OsStr) -> bool {
    let text = text.to_string_lossy();
    text.starts_with("http://") || text.starts_with("https://")
}

fn is_git(text: &OsStr) -> bool {
    let text = text.to_string_lossy();
    text.starts_with("git://") || text.starts_with("github.com/") || is_ssh_git_url(&text)
}

const DOCKERFILE: &str = "Dockerfile";
const CONTAINERFILE: &str = "Containerfile";
const DOCKERIGNORE: &str = ".dockerignore";
const CONTAINERIGNORE: &str = ".containerignore";

#[cfg(test)]
mod tests {
    use super::*;

    fn location(args: &[&str], files: &[&str]) -> DockerfileLocation {
        located(Dialect::Docker, args, files)
    }

    fn located(dialect: Dialect, args: &[&str], files: &[&str]) -> DockerfileLocation {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        BuildArgs::parse_as(dialect, &args)
            .unwrap()
            .dockerfile_location(Path::new("/w"), |path| {
                let path = path.to_str().unwrap().trim_end_matches(['/', '.']);
                if files.contains(&path) {
                    Found::File
                } else if ["/w", "/w/app", "/other"].contains(&path) {
                    Found::Directory
                } else {
                    Found::Nothing
                }
            })
    }

    #[test]
    fn a_file_is_relative_to_the_current_directory_and_the_default_to_the_context() {
        for (args, path) in [
            (&["app"][..], "/w/app/Dockerfile"),
            (&["/other"], "/other/Dockerfile"),
            (&["-f", "x/My.Dockerfile", "app"], "/w/x/My.Dockerfile"),
            (&["-f", "../x", "app"], "/w/../x"),
            (&["-f", "/x", "app"], "/x"),
            (&["-f", "", "app"], "/w/app/Dockerfile"),
            (&["-f", "a", "-f", "b", "app"], "/w/b"),
        ] {
            assert_eq!(
                location(args, &[]),
                DockerfileLocation::Path(PathBuf::from(path)),
                "{args:?}"
            );
        }
    }

    #[test]
    fn podman_looks_for_a_containerfile_first_and_in_the_context_too() {
        for (args, files, path) in [
            (&[][..], &["/w/./Dockerfile"][..], Some("/w/Dockerfile")),
            (
                &["app"],
                &["/w/app/Containerfile", "/w/app/Dockerfile"],
                Some("/w/app/Containerfile"),
            ),
            (&["-f", "x", "app"], &["/w/app/x"], Some("/w/app/x")),
            (&["-f", "x", "app"], &["/w/x", "/w/app/x"], Some("/w/x")),
            (&["app"], &[], None),
        ] {
            let expected = path.map_or(DockerfileLocation::Unknown, |path| {
                DockerfileLocation::Path(PathBuf::from(path))
            });
            assert_eq!(located(Dialect::Podman, args, files), expected, "{args:?}");
        }
        for args in [&["-f", "x", "-f", "y", "app"][..], &["-f", "x.in", "app"]] {
            let found = located(Dialect::Podman, args, &["/w/x", "/w/y", "/w/x.in"]);
            assert_eq!(found, DockerfileLocation::Made, "{args:?}");
        }
    }

    #[test]
    fn a_missing_dockerfile_may_be_written_in_lower_case() {
        let path = |args: &[&str], files: &[&str]| match location(args, files) {
            DockerfileLocation::Path(path) => path.into_os_string().into_string().unwrap(),
            other => panic!("{other:?}"),
        };
        let (upper, lower) = ("/w/app/Dockerfile", "/w/app/dockerfile");
        assert_eq!(path(&["app"], &[lower]), lower);
        assert_eq!(path(&["app"], &[upper, lower]), upper);
        assert_eq!(path(&["app"], &[]), upper);
        assert_eq!(
            path(&["-f", "x/Dockerfile", "app"], &["/w/x/dockerfile"]),
            "/w/x/dockerfile"
        );
        assert_eq!(
            path(&["-f", "x/Other", "app"], &["/w/x/other"]),
            "/w/x/Other"
        );
    }

    #[test]
    fn standard_input_and_remote_places_are_told_apart() {
        use DockerfileLocation::{Remote, Stdin, StdinContext, Unknown};
        for (args, expected) in [
            (&["-f", "-", "app"][..], Stdin),
            (&["-f-", "https://h/r.git"], Stdin),
            (&["-"], StdinContext),
            (&["-f", "x", "-"], StdinContext),
            (
                &["https://h/r.git#main"],
                Remote("https://h/r.git#main".into()),
            ),
            (&["git@h:r"], Remote("git@h:r".into())),
            (
                &["-f", "x", "github.com/a/b"],
                Remote("github.com/a/b".into()),
            ),
            (
                &["-f", "https://h/Dockerfile", "app"],
                Remote("https://h/Dockerfile".into()),
            ),
            (&["missing"], Unknown),
            (&[], Unknown),
            (&["app", "app"], Unknown),
        ] {
            assert_eq!(location(args, &[]), expected, "{args:?}");
        }
    }

    #[test]
    fn only_contexts_over_ssh_need_it() {
        let needs = |context: &str| {
            BuildArgs::parse(&[context.into()])
                .unwrap()
                .context_needs_ssh()
        };
        assert!(needs("git@github.com:a/b.git#v1"));
        assert!(needs("ssh://git@h/r"));
        let further = ["--build-context=x=git@h:r", "."].map(OsString::from);
        assert!(BuildArgs::parse(&further).unwrap().context_needs_ssh());
        assert!(!needs("https://github.com/a/b.git"));
        assert!(!needs("."));
    }

    #[test]
    fn the_ignore_file_is_the_dockerfile_s_or_the_context_s() {
        let (docker, podman) = (Dialect::Docker, Dialect::Podman);
        let (own, shared) = ("/w/app/D.dockerignore", "/w/app/.dockerignore");
        for (dialect, args, files, expected) in [
            (docker, &[][..], &[own, shared][..], own),
            (docker, &[], &["/w/app/D.containerignore"], shared),
            (
                podman,
                &[],
                &[own, "/w/app/D.containerignore"],
                "/w/app/D.containerignore",
            ),
            (
                podman,
                &[],
                &[shared, "/w/app/.containerignore"],
                "/w/app/.containerignore",
            ),
            (podman, &["--ignorefile", "/i"], &[shared], "/i"),
            (podman, &[], &[], shared),
        ] {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let args = BuildArgs::parse_as(dialect, &args).unwrap();
            let is_there = |path: &Path| files.contains(&path.to_str().unwrap());
            let (root, dockerfile) = (Path::new("/w/app"), Path::new("/w/app/D"));
            let found = args.ignore_file(root, Some(dockerfile), is_there);
            assert_eq!(found, Path::new(expected), "{files:?}");
        }
    }

    #[test]
    fn files_beside_a_dockerfile_are_named_after_it() {
        let path = Path::new("/a/b.Dockerfile");
        assert_eq!(
            dockerignore_for(path),
            Path::new("/a/b.Dockerfile.dockerignore")
        );
        assert_eq!(policy_for(path), Path::new("/a/b.Dockerfile.rego"));
    }
}
