//! Where saved images come from.

use std::{path::PathBuf, sync::Arc};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixListener,
};

use crate::verify::{
    Gap, ImageSource, SourceError, Verdict, Verified, VerifyError,
    fixture::{Image, Local, layer},
    verify,
};

#[tokio::test]
async fn an_engine_streams_the_image() {
    let image = saved();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", image.len());
    let (request, verified) = from_engine([head.as_bytes(), &image].concat()).await;
    assert!(
        request.starts_with("GET /images/app:1/get HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(verified.unwrap().verdict, Verdict::Clean);
}

#[tokio::test]
async fn what_an_engine_refuses_is_told_in_its_words() {
    let said = "{\"message\":\"No such image: app:1\"}";
    let answer = format!(
        "HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\n\r\n{said}",
        said.len()
    );
    let (_, verified) = from_engine(answer.into_bytes()).await;
    assert_eq!(
        verified.unwrap_err().to_string(),
        "the engine does not save the image (status 404): No such image: app:1"
    );
}

#[tokio::test]
async fn an_engine_that_breaks_off_leaves_a_gap() {
    let image = saved();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", image.len());
    let (_, verified) = from_engine([head.as_bytes(), &image[..2000]].concat()).await;
    let verified = verified.unwrap();
    assert!(matches!(
        verified.gaps[..2],
        [Gap::Interrupted(_), Gap::Truncated(2000)]
    ));
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none.sock");
    let source = ImageSource::Engine {
        socket,
        image: "app".to_owned(),
    };
    let failure = verify(source, Arc::new(Local::default()), Arc::default())
        .await
        .unwrap_err();
    assert!(matches!(
        failure,
        VerifyError::Source(SourceError::Engine { .. })
    ));
}

#[tokio::test]
async fn a_program_writes_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    std::fs::write(&path, saved()).unwrap();
    let verified = from_program("cat", &[path.to_str().unwrap()])
        .await
        .unwrap();
    assert_eq!(verified.verdict, Verdict::Clean);
}

#[tokio::test]
async fn a_program_that_fails_is_told_in_its_words() {
    let failure = from_program("sh", &["-c", "echo no\u{1b}thing >&2; exit 3"])
        .await
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "sh failed (exit status: 3): no\\u{1b}thing"
    );
    let failure = from_program("/nonexistent/docker", &[]).await.unwrap_err();
    assert_eq!(failure.to_string(), "/nonexistent/docker cannot be run");
}

#[tokio::test]
async fn a_program_that_fails_after_the_image_leaves_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    std::fs::write(&path, saved()).unwrap();
    let script = format!("cat '{}'; exit 1", path.display());
    let verified = from_program("sh", &["-c", &script]).await.unwrap();
    assert!(matches!(verified.gaps[..], [Gap::Interrupted(_)]));
}

#[tokio::test]
async fn a_program_has_no_other_environment_than_its_own() {
    let source = ImageSource::Program {
        program: "/bin/sh".into(),
        arguments: ["-c".into(), "echo \"$A${HOME-unset}\" >&2; exit 1".into()].into(),
        environment: [("A".into(), "own ".into())].into(),
    };
    let failure = verify(source, Arc::new(Local::default()), Arc::default())
        .await
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "/bin/sh failed (exit status: 1): own unset"
    );
}

#[test]
fn docker_save_takes_any_name_for_an_image() {
    let environment = vec![("DOCKER_HOST".into(), "tcp://far".into())];
    let source = ImageSource::docker_save("docker".into(), environment.clone(), "-a");
    let arguments = ["image", "save", "--", "-a"].map(Into::into).into();
    assert_eq!(
        source,
        ImageSource::Program {
            program: "docker".into(),
            arguments,
            environment
        }
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_an_error() {
    let source = ImageSource::File(PathBuf::from("/nonexistent"));
    let failure = verify(source, Arc::new(Local::default()), Arc::default())
        .await
        .unwrap_err();
    assert_eq!(failure.to_string(), "/nonexistent cannot be read");
}

fn saved() -> Vec<u8> {
    Image::of(&[("COPY a /", layer(&[("a", &"1".repeat(9000))]))])
        .oci_archive()
        .pack()
}

async fn from_program(program: &str, arguments: &[&str]) -> Result<Verified, VerifyError> {
    let arguments = arguments.iter().map(Into::into).collect();
    let source = ImageSource::Program {
        program: program.into(),
        arguments,
        environment: std::env::vars_os().collect(),
    };
    verify(source, Arc::new(Local::default()), Arc::default()).await
}

/// Asks an engine that gives this answer once.
async fn from_engine(answer: Vec<u8>) -> (String, Result<Verified, VerifyError>) {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let source = ImageSource::Engine {
        socket,
        image: "app:1".to_owned(),
    };
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.unwrap();
        }
        stream.write_all(&answer).await.unwrap();
        String::from_utf8(request).unwrap()
    };
    tokio::join!(
        serve,
        verify(source, Arc::new(Local::default()), Arc::default())
    )
}
