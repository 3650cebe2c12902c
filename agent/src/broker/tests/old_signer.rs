//! A host whose RSA key signs the key exchange with a hash of the test's choice, whichever was agreed on.

use aws_lc_rs::{
    agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral},
    digest,
    rand::SystemRandom,
};
use russh::keys::{
    HashAlg, PrivateKey,
    signature::Signer as _,
    ssh_encoding::Encode as _,
    ssh_key::{Signature, private::KeypairData},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;

#[tokio::test]
async fn a_host_that_signs_with_sha1_what_was_agreed_to_be_sha2_is_not_logged_in_to() {
    let folder = folder();
    let path = folder.path().join("host");
    keys::generate(&path, "rsa");
    let mine = key(&folder, "mine", "ed25519").await;
    let signer = PrivateKey::read_openssh_file(&path).unwrap();
    for (hash, expected) in [
        (Some(HashAlg::Sha256), " closed the connection"),
        (
            None,
            " cannot be talked to: its key signed with ssh-rsa, which was not agreed on",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let known = format!("[127.0.0.1]:{port} {}\n", keys::public_line(&path));
        let command = Command::parse(b"git-upload-pack 'a'").unwrap();
        let errand = errand_at(port, command);
        let broker = broker(&known, &[&mine]);
        let (fetched, asked) =
            tokio::join!(fetch(&broker, errand), serve(&listener, &signer, hash));
        let failure = fetched.failure().to_string();
        assert_eq!(failure, format!("127.0.0.1:{port}{expected}"));
        // A client that believes the host asks it to log in.
        assert_eq!(asked, hash.is_some());
    }
}

/// Serves one connection up to the first message under the keys that were exchanged; whether that came.
async fn serve(listener: &TcpListener, signer: &PrivateKey, hash: Option<HashAlg>) -> bool {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"SSH-2.0-old\r\n").await.unwrap();
    let mut client_id = String::new();
    stream.read_line(&mut client_id).await.unwrap();
    let own_init = kexinit();
    send(&mut stream, &own_init).await;
    let client_init = receive(&mut stream).await;
    let client_public = receive(&mut stream).await[5..].to_vec();

    let random = SystemRandom::new();
    let own = EphemeralPrivateKey::generate(&X25519, &random).unwrap();
    let own_public = own.compute_public_key().unwrap().as_ref().to_vec();
    let peer = UnparsedPublicKey::new(&X25519, client_public.clone());
    let shared = agree_ephemeral(own, peer, (), |shared| Ok(shared.to_vec())).unwrap();
    let host_key = signer.public_key().to_bytes().unwrap();

    let mut exchanged = Vec::new();
    for part in [
        client_id.trim_end().as_bytes(),
        b"SSH-2.0-old",
        &client_init,
        &own_init,
        &host_key,
        &client_public,
        &own_public,
        &positive(&shared),
    ] {
        put(&mut exchanged, part);
    }
    let hashed = digest::digest(&digest::SHA256, &exchanged);
    let KeypairData::Rsa(pair) = signer.key_data() else {
        panic!("not an RSA key");
    };
    let made: Signature = (pair, hash).try_sign(hashed.as_ref()).unwrap();
    let mut signature = Vec::new();
    made.encode(&mut signature).unwrap();

    let mut reply = vec![KEX_ECDH_REPLY];
    for part in [&host_key, &own_public, &signature] {
        put(&mut reply, part);
    }
    send(&mut stream, &reply).await;
    send(&mut stream, &[NEWKEYS]).await;
    assert_eq!(receive(&mut stream).await, [NEWKEYS]);
    stream.read(&mut [0]).await.is_ok_and(|count| count > 0)
}

/// RFC 4253 §7.1, with one algorithm of each kind.
fn kexinit() -> Vec<u8> {
    let mut message = vec![KEXINIT];
    message.extend([7; 16]);
    let (cipher, mac) = ("aes256-ctr", "hmac-sha2-256");
    for list in [
        "curve25519-sha256",
        "rsa-sha2-256",
        cipher,
        cipher,
        mac,
        mac,
        "none",
        "none",
        "",
        "",
    ] {
        put(&mut message, list.as_bytes());
    }
    message.extend([0; 5]);
    message
}

/// A number as the content of an mpint (RFC 4251 §5).
fn positive(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap();
    let mut number = bytes[start..].to_vec();
    if number[0] >= 0x80 {
        number.insert(0, 0);
    }
    number
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend(bytes);
}

/// A packet of RFC 4253 §6 without a cipher.
async fn send(stream: &mut BufReader<TcpStream>, payload: &[u8]) {
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let mut packet = vec![u8::try_from(padding).unwrap()];
    packet.extend(payload);
    packet.extend(vec![0; padding]);
    let mut framed = Vec::new();
    put(&mut framed, &packet);
    stream.write_all(&framed).await.unwrap();
}

async fn receive(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let length = stream.read_u32().await.unwrap();
    let mut packet = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut packet).await.unwrap();
    let padding = usize::from(packet[0]);
    packet[1..packet.len() - padding].to_vec()
}

const KEXINIT: u8 = 20;
const NEWKEYS: u8 = 21;
const KEX_ECDH_REPLY: u8 = 31;
