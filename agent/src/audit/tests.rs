use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::Command,
    thread,
    time::Instant,
};

use keystay_proto::control::{Event, GrantId, Mode};
use tempfile::TempDir;
use tokio::{runtime, task::JoinSet, time::sleep};

use super::*;

fn record(build: &str) -> Record {
    Record::new(
        "2026-01-01T00:00:00.000Z".to_owned(),
        GrantId::from_random([7; 8]),
        build.to_owned(),
        Mode::Sign,
        Event::Opened,
    )
}

fn read(path: &Path) -> Vec<Record> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn append(audit: &Audit, build: &str) -> Result<(), AuditError> {
    audit.submit(&record(build)).done().await
}

#[tokio::test]
async fn records_are_lines_that_read_back_and_the_file_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/audit.jsonl");
    let audit = Audit::open(&path).unwrap();
    append(&audit, "b").await.unwrap();
    append(&audit, "c").await.unwrap();
    assert_eq!(read(&path), [record("b"), record("c")]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_torn_line_does_not_swallow_the_next_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let torn = "{\"time\":\"20";
    fs::write(&path, torn).unwrap();
    let audit = Audit::open(&path).unwrap();
    append(&audit, "b").await.unwrap();
    // Another agent, killed in the midst of its line.
    let mut other = fs::OpenOptions::new().append(true).open(&path).unwrap();
    other.write_all(torn.as_bytes()).unwrap();
    append(&audit, "c").await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let line = |build| serde_json::to_string(&record(build)).unwrap();
    assert_eq!(lines, [torn, &line("b"), torn, &line("c")]);
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
    assert!(matches!(Audit::open(&path), Err(AuditError::Open { .. })));
}

#[tokio::test]
async fn a_full_disk_is_an_error() {
    let error = append(&Audit::full(), "b").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write the audit log /dev/full: No space left on device (os error 28)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_an_error_and_stops_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let audit = Audit::odd(&path);
    // A pipe that nobody reads takes 64 KiB.
    let long = "b".repeat(100_000);
    let error = append(&audit, &long).await.unwrap_err();
    assert!(error.to_string().ends_with("timed out"), "{error}");
}

/// A log whose file another agent holds until the last of these goes.
fn held() -> (TempDir, PathBuf, Audit, File) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path).unwrap();
    let held = File::open(&path).unwrap();
    held.lock().unwrap();
    (folder, path, audit, held)
}

#[tokio::test]
async fn a_record_that_is_not_written_soon_is_waited_for() {
    let (_folder, path, audit, held) = held();
    let release = async {
        sleep(Duration::from_millis(100)).await;
        assert_eq!(read(&path), []);
        drop(held);
    };
    let (written, ()) = tokio::join!(append(&audit, "b"), release);
    written.unwrap();
    assert_eq!(read(&path), [record("b")]);
}

#[tokio::test]
async fn rotation_keeps_every_record_of_the_last_four_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::rotated_at(&path, 1_000);
    for number in 0..100 {
        append(&audit, &number.to_string()).await.unwrap();
    }
    let mut builds = Vec::new();
    for name in [
        "audit.jsonl.3",
        "audit.jsonl.2",
        "audit.jsonl.1",
        "audit.jsonl",
    ] {
        let path = folder.path().join(name);
        assert!(fs::metadata(&path).unwrap().len() <= 1_000);
        builds.extend(read(&path).into_iter().map(|record| record.build));
    }
    let last: Vec<String> = (100 - builds.len()..100).map(|n| n.to_string()).collect();
    assert_eq!(builds, last);
    assert!(builds.len() > 20);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[tokio::test]
async fn several_agents_that_rotate_one_log_lose_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut agents = JoinSet::new();
    for agent in 0..4 {
        let audit = Audit::rotated_at(&path, 40_000);
        agents.spawn(async move {
            for number in 0..100 {
                append(&audit, &format!("{agent}-{number}")).await.unwrap();
            }
        });
    }
    agents.join_all().await;
    let files = fs::read_dir(folder.path()).unwrap();
    let mut builds: Vec<_> = files
        .flat_map(|file| read(&file.unwrap().path()))
        .map(|record| record.build)
        .collect();
    builds.sort();
    builds.dedup();
    assert_eq!(builds.len(), 400);
}

/// Runs on a thread that may write records itself.
fn on_writing_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::spawn(|| {
        write_where_shared(Arc::new(AtomicUsize::new(2)));
        let mut runtime = runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(work)
    })
}

#[test]
fn threads_that_write_lose_no_record_and_keep_the_order_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Arc::new(Audit::rotated_at(&path, 20_000));
    let threads: Vec<_> = (0..3)
        .map(|thread| {
            let audit = Arc::clone(&audit);
            on_writing_thread(async move {
                let mut sessions = JoinSet::new();
                for session in 0..5 {
                    let audit = Arc::clone(&audit);
                    sessions.spawn(async move {
                        for number in 100..115 {
                            let build = format!("{thread}-{session}-{number}");
                            append(&audit, &build).await.unwrap();
                        }
                    });
                }
                sessions.join_all().await;
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let aged = [".3", ".2", ".1", ""].map(|age| folder.path().join(format!("audit.jsonl{age}")));
    let files = aged.iter().filter(|path| path.exists());
    let builds: Vec<_> = files
        .flat_map(|path| read(path))
        .map(|record| record.build)
        .collect();
    let mut sorted = builds.clone();
    // It keeps what is equal in the order in which it was.
    sorted.sort_by_key(|build| build[..3].to_owned());
    assert!(sorted.is_sorted());
    sorted.dedup();
    assert_eq!(sorted.len(), 3 * 5 * 15);
}

#[test]
fn a_record_of_a_thread_that_writes_is_written_though_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path).unwrap();
    let submitted = on_writing_thread(async move {
        drop(audit.submit(&record("b")));
        audit
    });
    let _audit = submitted.join().unwrap();
    let began = Instant::now();
    while read(&path) != [record("b")] {
        assert!(began.elapsed() < Duration::from_secs(10));
        thread::yield_now();
    }
}

#[test]
fn a_thread_that_writes_does_not_wait_for_a_log_that_another_holds() {
    let (_folder, path, audit, held) = held();
    let release = async {
        sleep(Duration::from_millis(100)).await;
        drop(held);
    };
    let appended = on_writing_thread(async move {
        tokio::join!(append(&audit, "b"), append(&audit, "c"), release)
    });
    let (first, second, ()) = appended.join().unwrap();
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(read(&path), [record("b"), record("c")]);
}

#[tokio::test]
async fn a_log_that_was_moved_away_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path).unwrap();
    append(&audit, "before").await.unwrap();
    fs::remove_file(&path).unwrap();
    append(&audit, "after").await.unwrap();
    assert_eq!(read(&path), [record("after")]);
}

#[test]
fn a_pipe_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let error = Audit::open(&path).err().unwrap();
    let told = format!("{error}");
    assert!(told.contains("it is no regular file"), "{told}");
}
