//! Builders beside the engine's own: what `docker buildx inspect` tells of them.

use std::{ffi::OsStr, path::PathBuf};

use super::{
    Ability, Docker,
    ability::{self, of_engine},
    ping::two_numbers,
    remembered::Remembered,
};

/// What the builder of this name can do, or the one that buildx has chosen.
pub(super) async fn ability(docker: &Docker, name: Option<&OsStr>) -> Ability {
    let remembered = name.and_then(|name| remembered(docker, name));
    if remembered.as_ref().is_some_and(Remembered::is_known) {
        return Ability::Able { is_local: false };
    }
    let name = name.map(OsStr::to_string_lossy);
    let mut words = vec!["buildx", "inspect"];
    words.extend(name.as_deref());
    let Some(text) = ability::says(docker, &words).await else {
        return Ability::Silent;
    };
    match told(&text) {
        Told::Engine => of_engine(docker).await,
        Told::Able => {
            // What is not remembered is asked again.
            drop(remembered.map(|remembered| remembered.remember()));
            Ability::Able { is_local: false }
        }
        Told::Unable(why) => Ability::Unable(why),
    }
}

/// A builder is described in a file that is written anew when it changes.
fn remembered(docker: &Docker, name: &OsStr) -> Option<Remembered> {
    let folder = docker.buildx_folder()?;
    let file: PathBuf = [folder.as_os_str(), OsStr::new("instances"), name]
        .iter()
        .collect();
    Remembered::of(&file, &docker.variables)
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// It is the engine's own.
    Engine,
    Able,
    Unable(String),
}

fn told(text: &str) -> Told {
    let fields = || {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
    };
    let field = |wanted: &str| fields().find(|(name, _)| name == wanted);
    if field("driver").is_some_and(|(_, driver)| driver == "docker") {
        return Told::Engine;
    }
    let name = field("name").map_or("", |(_, name)| name);
    let versions: Vec<_> = fields()
        .filter(|(name, _)| name == "buildkit" || name == "buildkit version")
        .map(|(_, version)| version)
        .collect();
    if versions.is_empty() {
        return Told::Unable(format!(
            "the builder {name} does not tell its BuildKit version (`docker buildx inspect --bootstrap {name}` starts it)"
        ));
    }
    let is_old = |version: &&&str| {
        two_numbers(version.trim_start_matches('v')).is_none_or(|version| version < SINCE)
    };
    match versions.iter().find(is_old) {
        Some(version) => Told::Unable(format!(
            "the builder {name} (BuildKit {version}) cannot run the shim from a secret (BuildKit 0.13 can)"
        )),
        None => Told::Able,
    }
}

const SINCE: (u32, u32) = (0, 13);

#[cfg(test)]
mod tests {
    use super::*;

    fn builder(version: &str) -> Told {
        told(&format!(
            "Name:          ci\nDriver:        docker-container\n\nNodes:\nName:             ci0\n\
             Status:           running\n{version}Platforms:        linux/amd64\n"
        ))
    }

    #[test]
    fn a_builder_is_judged_by_its_oldest_node() {
        assert_eq!(builder("BuildKit version: v0.13.2\n"), Told::Able);
        assert_eq!(builder("Buildkit: v0.16.0\n"), Told::Able);
        let Told::Unable(why) = builder("BuildKit version: v0.14.0\nBuildKit version: v0.12.5\n")
        else {
            panic!("able")
        };
        assert_eq!(
            why,
            "the builder ci (BuildKit v0.12.5) cannot run the shim from a secret (BuildKit 0.13 can)"
        );
    }

    #[test]
    fn a_builder_that_does_not_run_does_not_tell() {
        let Told::Unable(why) = builder("") else {
            panic!("able")
        };
        assert!(why.contains("`docker buildx inspect --bootstrap ci`"));
    }

    #[test]
    fn the_docker_driver_is_the_engine() {
        let text = "Name:   default\nDriver: docker\n\nBuildKit version: v0.0.0+unknown\n";
        assert_eq!(told(text), Told::Engine);
    }
}
