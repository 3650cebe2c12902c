//! What `--dry-run` prints: everything that a build would change, and nothing is run.

use crate::keystay::Keystay;

const DOCKERFILE: &str = "FROM base\nRUN --mount=type=ssh git clone git@host:repo\n";
const WIRED: &str = "FROM base\nRUN --mount=type=ssh,mode=0666 --mount=type=secret,id=keystay.known_hosts,target=/etc/ssh/ssh_known_hosts,mode=0444 git clone git@host:repo\n";
const AS_IT_STANDS: &str = "keystay: sign mode: the Dockerfile is built as it stands\n";

#[test]
fn fetch_mode_is_the_default() {
    let stdout = Keystay::new(&["--dry-run", "build", "."])
        .file("Dockerfile", DOCKERFILE)
        .run()
        .stdout();
    assert!(stdout.contains("id=keystay.ssh,src=<ssh>"), "{stdout}");
}

#[test]
fn a_dockerfile_on_standard_input_is_wired_for_fetches_there() {
    let stdout = "docker build --ssh 'default=<grant socket>' --secret 'id=keystay.ssh,src=<ssh>' \
                  --iidfile '<image id>' -f - .\n\nFROM base\n\
                  RUN --mount=type=ssh,mode=0666 \
                  --mount=type=secret,id=keystay.ssh,target=/usr/local/bin/ssh,mode=0555 \
                  git clone git@host:repo\n";
    Keystay::new(&["--dry-run", "build", "-f", "-", "."])
        .stdin(DOCKERFILE)
        .run()
        .says(0, stdout, "");
}

#[test]
fn the_wired_command_and_dockerfile_are_printed() {
    let stdout = format!(
        "docker build --file '<wired Dockerfile>' --ssh 'default=<grant socket>' \
         --secret 'id=keystay.known_hosts,src=<verified host keys>' --iidfile '<image id>' -t app .\n\n{WIRED}"
    );
    Keystay::new(&["--mode", "sign", "--dry-run", "build", "-t", "app", "."])
        .file("Dockerfile", DOCKERFILE)
        .run()
        .says(0, &stdout, "");
}

#[test]
fn without_wiring_the_dockerfile_stays() {
    Keystay::new(&["--dry-run", "--wire", "none", "buildx", "build", "."])
        .file("Dockerfile", DOCKERFILE)
        .run()
        .says(
            0,
            "docker buildx build --ssh 'default=<grant socket>' --iidfile '<image id>' .\n",
            AS_IT_STANDS,
        );
}

#[test]
fn what_the_user_passes_is_left_alone() {
    let arguments = [
        "--dry-run",
        "build",
        "--ssh",
        "default",
        "--iidfile",
        "id",
        ".",
    ];
    Keystay::new(&arguments)
        .file("Dockerfile", DOCKERFILE)
        .run()
        .says(0, "docker build --ssh default --iidfile id .\n", "");
}

#[test]
fn a_dockerfile_on_standard_input_is_wired_there() {
    let stdout = format!(
        "docker build --ssh 'default=<grant socket>' \
         --secret 'id=keystay.known_hosts,src=<verified host keys>' --iidfile '<image id>' -f - .\n\n{WIRED}"
    );
    Keystay::new(&["--mode", "sign", "--dry-run", "build", "-f", "-", "."])
        .stdin(DOCKERFILE)
        .run()
        .says(0, &stdout, "");
}

#[test]
fn an_archive_on_standard_input_is_built_as_it_stands() {
    Keystay::new(&["--dry-run", "build", "-"]).stdin("BZh91AY").run().says(
        0,
        "docker build --ssh 'default=<grant socket>' --iidfile '<image id>' -\n",
        &format!("keystay: note: the Dockerfile is built as it stands, since it is in an archive on standard input\n{AS_IT_STANDS}"),
    );
}

#[test]
fn standard_input_is_not_both_key_and_context() {
    for (arguments, what) in [
        (vec!["-"], "the context"),
        (vec!["-f-", "."], "the Dockerfile"),
    ] {
        let arguments = [vec!["--key", "stdin", "build"], arguments].concat();
        let stderr = format!(
            "keystay: error: standard input cannot be both the key and {what}\n\
             hint: name the key in another way: `--key file:PATH` or `--key env:NAME`\n"
        );
        Keystay::new(&arguments)
            .stdin(DOCKERFILE)
            .run()
            .says(64, "", &stderr);
    }
}

#[test]
fn a_dockerfile_elsewhere_is_built_as_it_stands() {
    Keystay::new(&["--dry-run", "build", "git@github.com:acme/app.git"]).run().says(
        0,
        "docker build --ssh 'default=<grant socket>' --iidfile '<image id>' git@github.com:acme/app.git\n",
        &format!("keystay: note: the Dockerfile is built as it stands, since it is not on this machine\n{AS_IT_STANDS}"),
    );
}

#[test]
fn what_builds_nothing_is_not_run_either() {
    let keyless = "so docker runs without keys";
    for (arguments, line, note) in [
        (
            ["build", "--help"],
            "docker build --help",
            "docker's own help follows; keystay's options stand before `build`: `keystay help`",
        ),
        (
            ["buildx", "build"],
            "docker buildx build",
            &format!("there is no one build context, {keyless}"),
        ),
        (
            ["build", "--call=check"],
            "docker build --call=check",
            &format!("nothing is built, {keyless}"),
        ),
    ] {
        let arguments = [["--dry-run"].as_slice(), &arguments].concat();
        Keystay::new(&arguments)
            .program("docker", "echo it ran")
            .run()
            .says(0, &format!("{line}\n"), &format!("keystay: note: {note}\n"));
    }
}
