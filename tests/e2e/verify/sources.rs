//! An image is the same in every form that it has.

use std::{fs, path::Path, process::Command};

use keystay_tests::{env::Env, lab::Lab};

use super::{leaking_image, run, said, save, unpacked, verify};
use crate::key_file::{SECRET, fingerprint, new_key};

#[test]
fn what_docker_saves_is_searched_as_a_file_a_stream_and_a_folder() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let key = leaking_image(&env);
        let file = save(&env, &["image", "save"], "image.tar");
        assert_leak(&env, &key, "image.tar", None);
        run(Command::new("gzip").arg("--keep").arg("--fast").arg(&file));
        assert_leak(&env, &key, "image.tar.gz", None);
        assert_leak(&env, &key, "-", Some(&file));
        assert_leak(&env, &key, "-", Some(&file.with_added_extension("gz")));
        if engine.name() != "docker-20.10" {
            unpacked(&env, &file, "layout");
            assert_leak(&env, &key, "layout", None);
            assert_leak(
                &env,
                &key,
                &env.context().join("layout").display().to_string(),
                None,
            );
        }
        assert_clean(&env, "image.tar", "image.tar");
    }
}

#[test]
fn podman_s_images_are_searched_in_its_storage_and_in_each_form_that_it_saves() {
    let lab = Lab::up().unwrap();
    let env = Env::on_daemonless(&lab, lab.podman());
    let key = leaking_image(&env);
    let verified = verify(&env, &key, ["--engine", "podman", env.tag()]).output();
    verified.status(65).stdout_is("");
    assert_eq!(said(&verified), leak(env.tag(), &key));
    for format in ["docker-archive", "oci-archive"] {
        let format_option = format!("--format={format}");
        save(&env, &["save", "--quiet", &format_option], format);
        assert_leak(&env, &key, format, None);
    }
    save(&env, &["save", "--quiet", "--format=oci-dir"], "oci-dir");
    assert_leak(&env, &key, "oci-dir", None);
    assert_clean(&env, "oci-dir", "oci-dir");
}

#[track_caller]
fn assert_leak(env: &Env, key: &Path, image: &str, stdin: Option<&Path>) {
    let mut verify = verify(env, key, [image]);
    if let Some(file) = stdin {
        verify.command().stdin(fs::File::open(file).unwrap());
    }
    let verified = verify.output();
    verified.status(65).stdout_is("");
    let name = if image == "-" {
        "standard input"
    } else {
        image
    };
    assert_eq!(said(&verified), leak(name, key));
}

#[track_caller]
fn assert_clean(env: &Env, image: &str, name: &str) {
    let verified = verify(env, &new_key(env, "other", "ed25519"), [image]).output();
    verified.status(0).stdout_is("");
    assert_eq!(
        said(&verified),
        format!(
            "keystay: image     CLEAN {name} searched for 1 key in 3 layers (…)\n\
             keystay: warning: layer 2, root/.ssh/id at byte 0 (COPY id /root/.ssh/id): another private key (OpenSSH)\n"
        )
    );
}

fn leak(name: &str, key: &Path) -> String {
    format!(
        "keystay: image     LEAK {name} 1 finding, searched for 1 key in 3 layers (…)\n\
         keystay: leak: layer 2, root/.ssh/id at byte {SECRET} (COPY id /root/.ssh/id): private key {} as base64\n\
         keystay: error: key material found in the image\n\
         hint: do not push the image; replace the key: whoever gets the image has it\n\
         hint: keep it out of layer 2, `COPY id /root/.ssh/id`: to remove it later leaves it in this layer\n\
         hint: give steps that need a key `RUN --mount=type=ssh`: it is lent to them, and never in a layer\n\
         hint: then build with `--no-cache`, and clear the build cache, which holds the key too: `docker builder prune`\n",
        fingerprint(key)
    )
}
