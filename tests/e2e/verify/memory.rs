//! The memory that a search takes.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    thread::sleep,
    time::Duration,
};

use flate2::{Compression, write::ZlibEncoder};
use keystay_tests::{env::Env, lab::Lab};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};

use super::{said, verify};
use crate::key_file::{SECRET, fingerprint, new_key};

#[test]
fn a_layer_of_more_than_a_gigabyte_is_read_to_its_end_within_64_mb() {
    // The key is behind the gigabyte.
    found_within_64_mb(
        write_large_image,
        &format!("root/id at byte {SECRET}"),
        "base64",
    );
}

#[test]
fn hundreds_of_thousands_of_packed_streams_are_read_within_64_mb() {
    let place = format!("objects.pack!zlib at byte {SECRET}");
    found_within_64_mb(write_packed_image, &place, "base64");
}

/// Makes an image with a fresh key in it, and searches it: the key is found at this place, in this form,
/// and no process takes more memory than 64 MB.
#[track_caller]
fn found_within_64_mb(make: fn(&Path, &[u8]), place: &str, form: &str) {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    make(&env.context().join("image.tar"), &fs::read(&key).unwrap());
    let mut running = verify(&env, &key, ["image.tar"]).start();
    let mut peaks = BTreeMap::new();
    while !running.has_ended() {
        note_peaks(running.id(), &mut peaks);
        sleep(INTERVAL);
    }
    let (client, verified) = (running.id(), running.wait());
    verified.status(65).stdout_is("");
    let found = format!(
        "keystay: leak: layer 1, {place} (COPY . /): private key {} as {form}\n",
        fingerprint(&key)
    );
    assert!(said(&verified).contains(&found), "{}", verified.said());
    assert!(peaks.contains_key(&client), "{peaks:?}");
    assert!(peaks.len() > 1, "the agent is a process of its own");
    for (process, peak) in peaks {
        assert!(peak <= MOST, "process {process} took {peak} KiB");
    }
}

/// Keeps the `VmHWM` of the process and of each that it started, in KiB (proc(5)): the most that was
/// resident of it up to now.
fn note_peaks(process: u32, peaks: &mut BTreeMap<u32, u64>) {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else {
        return;
    };
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    if let Some(peak) = peak {
        peaks.insert(process, peak.parse().unwrap());
    }
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return;
    };
    for thread in threads.flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            note_peaks(child.parse().unwrap(), peaks);
        }
    }
}

/// Writes a saved image of one layer: a file of `LARGE` zeros, and the key in another behind it. The
/// zeros take no room on the disk.
fn write_large_image(path: &Path, key: &[u8]) {
    let mut behind = Builder::new(Vec::new());
    add(&mut behind, "root/id", key);
    let behind = behind.into_inner().unwrap();
    let before = header("large", LARGE);
    let mut hash = Sha256::new_with_prefix(before.as_bytes());
    let zeros = vec![0; 1 << 20];
    (0..LARGE >> 20).for_each(|_| hash.update(&zeros));
    hash.update(&behind);

    let mut file = File::create(path).unwrap();
    let length = 512 + LARGE + u64::try_from(behind.len()).unwrap();
    file.write_all(header("layer.tar", length).as_bytes())
        .unwrap();
    file.write_all(before.as_bytes()).unwrap();
    file.seek(SeekFrom::Current(LARGE.try_into().unwrap()))
        .unwrap();
    file.write_all(&behind).unwrap();
    finish(Builder::new(file), hash);
}

/// Writes a saved image of one layer: a file of zlib streams one behind the other, as git packs objects,
/// the key in the last.
fn write_packed_image(path: &Path, key: &[u8]) {
    let mut pack = Vec::new();
    for number in 0..STREAMS {
        let object: Vec<u8> = (number..number + 16).flat_map(u32::to_le_bytes).collect();
        pack.extend(zlib(&object));
    }
    pack.extend(zlib(key));
    let mut layer = Builder::new(Vec::new());
    add(&mut layer, "objects.pack", &pack);
    let layer = layer.into_inner().unwrap();
    let mut image = Builder::new(File::create(path).unwrap());
    add(&mut image, "layer.tar", &layer);
    finish(image, Sha256::new_with_prefix(&layer));
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Ends a saved image whose layer has this digest.
fn finish(mut image: Builder<File>, layer: Sha256) {
    let hex = <[u8; 32]>::from(layer.finalize())
        .map(|byte| format!("{byte:02x}"))
        .concat();
    let config = json!({
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{hex}")] },
        "history": [{ "created_by": "COPY . /" }],
    });
    add(&mut image, "config.json", config.to_string().as_bytes());
    let manifest = json!([{ "Config": "config.json", "Layers": ["layer.tar"] }]);
    add(&mut image, "manifest.json", manifest.to_string().as_bytes());
    image.finish().unwrap();
}

fn add(archive: &mut Builder<impl std::io::Write>, name: &str, content: &[u8]) {
    let mut header = header(name, content.len().try_into().unwrap());
    archive.append_data(&mut header, name, content).unwrap();
}

fn header(name: &str, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// More than a gigabyte, in whole mebibytes.
const LARGE: u64 = 1_100 << 20;
/// More than what is noted of each could be kept of.
const STREAMS: u32 = 500_000;
/// 64 MB in KiB.
const MOST: u64 = 64_000_000 >> 10;
const INTERVAL: Duration = Duration::from_millis(5);
