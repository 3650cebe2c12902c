//! Landlock: files that are not needed cannot be opened (landlock(7)).

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, LandlockStatus, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus,
    path_beneath_rules,
};

use super::Reach;

/// Confines this thread, and those that it starts, to these files. Nothing can be executed any more.
/// Nothing where the kernel has no Landlock; an older one keeps from less. Told is which it has.
///
/// # Errors
///
/// When the kernel has it and refuses.
pub(super) fn confine(reach: &Reach) -> Result<Option<ABI>, RulesetError> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .create()?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeSock
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir;
    let clear = AccessFs::ReadDir | AccessFs::RemoveFile | AccessFs::RemoveDir;
    let ruleset = allow(ruleset, &reach.read, read)?;
    let ruleset = allow(ruleset, &reach.write, read | write)?;
    let ruleset = allow(ruleset, &reach.clear, clear)?;
    let ruleset = allow(ruleset, &reach.devices, AccessFs::WriteFile.into())?;
    let status = ruleset.restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => None,
        (_, LandlockStatus::Available { effective_abi, .. }) => Some(effective_abi),
        _ => None,
    })
}

/// Paths that do not exist are left out.
fn allow(
    ruleset: RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    ruleset.add_rules(path_beneath_rules(paths, access))
}

/// What is asked for: all that has to do with files. Connecting to sockets is left alone, and so are
/// signals, which engines are ended by.
const KNOWN: ABI = ABI::V5;

#[cfg(test)]
mod tests {
    use std::{fs, io::ErrorKind, net::ToSocketAddrs as _, process::Command, thread};

    use super::*;

    #[test]
    fn a_confined_agent_still_looks_up_names_of_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let reach = Reach::of_build(folder.path(), folder.path(), Vec::new());
        let confined = thread::spawn(move || {
            confine(&reach).unwrap();
            ("localhost", 22).to_socket_addrs().map(Iterator::count)
        });
        assert!(confined.join().unwrap().unwrap() > 0);
    }

    #[test]
    fn a_confined_thread_opens_what_it_needs_and_nothing_else() {
        let [inside, outside, public] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        for folder in [&inside, &outside, &public] {
            fs::write(folder.path().join("file"), "text").unwrap();
        }
        let reach = Reach {
            read: vec![public.path().to_owned(), "/does/not/exist".into()],
            write: vec![inside.path().to_owned()],
            ..Reach::nothing()
        };
        thread::scope(|scope| {
            let confined = scope.spawn(|| {
                let abi = confine(&reach).unwrap();
                assert!(abi.is_some(), "this kernel has no Landlock");
                let denied = Some(ErrorKind::PermissionDenied);
                let kind = |error: std::io::Error| error.kind();
                let read = |folder: &tempfile::TempDir| fs::read(folder.path().join("file"));
                let write = |folder: &tempfile::TempDir| fs::write(folder.path().join("new"), "");
                assert_eq!(read(&outside).err().map(kind), denied);
                assert_eq!(write(&outside).err().map(kind), denied);
                assert_eq!(write(&public).err().map(kind), denied);
                assert_eq!(fs::read("/proc/self/environ").err().map(kind), denied);
                assert_eq!(Command::new("/bin/true").status().err().map(kind), denied);
                assert_eq!(read(&public).unwrap(), b"text");
                write(&inside).unwrap();
                fs::rename(inside.path().join("new"), inside.path().join("old")).unwrap();
                fs::remove_file(inside.path().join("old")).unwrap();
                fs::write("/dev/null", "gone").unwrap();
            });
            confined.join().unwrap();
        });
        assert!(outside.path().join("file").exists());
    }
}
