//! Paths of identity files.

use super::*;

#[test]
fn paths_of_identity_files_have_their_tokens_replaced() {
    let tokens = Tokens {
        host: "git.example",
        original: "git",
        port: "22",
        user: "me",
        local_user: "",
        home: "/home/joe",
    };
    for (written, path) in [
        ("~/.ssh/id", Some("/home/joe/.ssh/id")),
        (
            "%d/k/%n-%h_%p.%r%%",
            Some("/home/joe/k/git-git.example_22.me%"),
        ),
        ("relative", Some("/home/joe/relative")),
        ("/absolute", Some("/absolute")),
        ("~other/x", None),
        ("%u", None),
        ("%Z", None),
        ("%", None),
        ("none", None),
    ] {
        assert_eq!(tokens.path(written), path.map(PathBuf::from), "{written}");
    }
}

#[test]
fn the_folders_of_identity_files_are_told_for_all_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let store = home.join("store");
    fs::create_dir(&store).unwrap();
    fs::write(store.join("real.pub"), "").unwrap();
    std::os::unix::fs::symlink(store.join("real.pub"), home.join("id.pub")).unwrap();
    fs::write(home.join("more"), "Host b\n  IdentityFile /keys/%h/id\n").unwrap();
    let text = format!(
        "Host a\n  IdentityFile ~/id\n  IdentityFile %d/sub/id\n  IdentityFile none\nInclude {}\n",
        home.join("more").display()
    );
    let root = home.join("config");
    fs::write(&root, text).unwrap();
    let config = SshConfig::of_files(home.to_owned(), vec![root]);
    let store = store.canonicalize().unwrap();
    let expected = [home, &store, &home.join("sub"), Path::new("/keys")];
    assert_eq!(config.identity_folders(), expected);
}
