//! Keys without armour.

use super::*;

#[test]
fn a_key_without_armour_is_told_once() {
    let ec = ["ecparam", "-name", "secp384r1", "-genkey", "-noout"];
    let bare = |armoured: Vec<u8>| STANDARD.decode(inner(&armoured)).unwrap();
    let rsa = |bits: &str| bare(openssl(&["genrsa", "-traditional", bits]));
    let new = |kind: &str| bare(openssl(&["genpkey", "-algorithm", kind]));
    let locked = |kind: &str, cipher: &str| {
        let words = ["genpkey", "-algorithm", kind, cipher, "-pass", "pass:word"];
        bare(openssl(&words))
    };
    for (key, expected) in [
        (bare(openssl(&ec)), "EC, SEC 1, DER"),
        (rsa("1024"), "RSA, PKCS #1, DER"),
        (rsa("3072"), "RSA, PKCS #1, DER"),
        (new("ed25519"), "PKCS #8, DER"),
        (new("RSA"), "PKCS #8, DER"),
        (
            locked("ed25519", "-aes256"),
            "PKCS #8, DER, locked by a passphrase",
        ),
        (
            locked("RSA", "-des3"),
            "PKCS #8, DER, locked by a passphrase",
        ),
        (
            bare(ssh_key(&["-t", "ecdsa", "-N", ""])),
            "OpenSSH, without armour",
        ),
    ] {
        for (before, after) in [(0, 0), (3, 700), ((112 << 10) - 2, 40_000)] {
            let bytes = [&vec![b'x'; before][..], &key, &vec![0; after]].concat();
            assert_eq!(
                kinds(&bytes),
                [format!("another private key ({expected})")],
                "{before}"
            );
            let mut search = Search::new();
            search.push(&bytes);
            let [other] = search.finish().try_into().unwrap();
            let [begin, end] = [before, before + key.len()].map(|at| at.try_into().unwrap());
            assert_eq!((other.begin, other.end), (begin, end));
        }
        let cut = &key[..key.len() - 1];
        assert_eq!(kinds(cut), [""; 0], "a cut {expected}");
    }
}

#[test]
fn the_locked_key_of_a_pkcs12_file_is_told() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (path("key"), path("certificate"));
    let request = ["req", "-x509", "-newkey", "rsa", "-nodes", "-subj", "/CN=a"];
    openssl(&[&request[..], &["-keyout", &key, "-out", &certificate]].concat());
    let export = [
        "pkcs12",
        "-export",
        "-passout",
        "pass:word",
        "-in",
        &certificate,
    ];
    let expected = ["another private key (PKCS #8, DER, locked by a passphrase)"];
    for cipher in ["AES-256-CBC", "PBE-SHA1-3DES"] {
        let with_key = openssl(&[&export[..], &["-inkey", &key, "-keypbe", cipher]].concat());
        assert_eq!(kinds(&with_key), expected, "{cipher}");
    }
    let with_none = openssl(&[&export[..], &["-nokeys"]].concat());
    assert_eq!(kinds(&with_none), [""; 0]);
}

#[test]
fn the_locked_key_of_a_java_key_store_is_told() {
    let store = |text: &str| STANDARD.decode(text).unwrap();
    for (name, text) in [("JKS", JKS), ("JCEKS", JCEKS)] {
        let expected = ["another private key (Java key store, locked by a passphrase)"];
        assert_eq!(kinds(&store(text)), expected, "{name}");
    }
    assert_eq!(kinds(&store(TRUSTED)), [""; 0]);
}

#[test]
fn locked_keys_in_each_other_are_one() {
    let mut key = vec![0; 40];
    for _ in 0..200 {
        let octets = value(0x04, &key);
        let cipher = value(0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d");
        key = value(0x30, &[cipher, octets].concat());
    }
    assert!(key.len() < REACH);
    let expected = "another private key (PKCS #8, DER, locked by a passphrase)";
    assert_eq!(kinds(&key), [expected]);
    assert_eq!(kinds(&[&key[..], &key].concat()), [expected; 2]);
}

/// A value in DER.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header: &[u8] = match content.len() {
        0..0x80 => &[tag, low],
        0x80..0x100 => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [header, content].concat()
}

/// Stores that keytool made, each of one EC key and its certificate, and one of the certificate alone.
const JKS: &str = "\
    /u3+7QAAAAIAAAABAAAAAQABYQAAAaIf6TEPAAAAfTB7MAwGCisGAQQBKgIRAQEEawLMJM2v7GQBDdLW7/qh92VlztCC+/1u0447\
    xDlhLsSQ+AjLJr2JYQ9RU2CvSLa4LxUvzltyRkE4DM7q49fBi6Y/J3n9G7SrwWCbE+l8AufYEmIAIMbmhZicr7ivTdtBOPQrcErA\
    faZouL/vAAAAAQAFWC41MDkAAAEyMIIBLjCB1aADAgECAghjBy61ZTNUYzAKBggqhkjOPQQDAjAMMQowCAYDVQQDEwFhMB4XDTI2\
    MTEyODAyMDgyNVoXDTI3MDIyNjAyMDgyNVowDDEKMAgGA1UEAxMBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGhGFDgH72m5\
    zWzcwenfmP/22QbKNU5o1vU91myuUDoa8K/f+gM/bT3l0mLLnJNBwhSsyyAyIm+LIrnA2NzaG/OjITAfMB0GA1UdDgQWBBRZxw1A\
    LUWf2emFSgM8gYYAPNThLTAKBggqhkjOPQQDAgNIADBFAiBY4fqDCoijMB+19te39SBKtMceiMTAmvbN9XWKp/V3lAIhAK9/mlZd\
    fUCBaAD2qaDBoPKhqk6DkFdv4F++FO8+7RfKvA09AkJqjn9EjmbNGCa6XJ6yZQk=";
const JCEKS: &str = "\
    zs7OzgAAAAIAAAABAAAAAQABYQAAAaIf6TLWAAAAajBoMBwGCSsGAQQBKgITATAPBAgbT+br9HRspwIDAw1ABEhLJ1Vc4wXZoUl7\
    JXTli+czLrz9RI1i3lAz/qrwoVlV8/LEfzbOD3PzUzzgbDf9qq/886DldaZgIfzMVhrrfr4MzIwYWbIQ/PgAAAABAAVYLjUwOQAA\
    ATEwggEtMIHVoAMCAQICCC49hhfNFqoRMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMTAWEwHhcNMjYxMTI4MDIwODI2WhcNMjcwMjI2\
    MDIwODI2WjAMMQowCAYDVQQDEwFhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE40NrCsxYPmHUzEtXssuyG05X3dvWvMMFNEwn\
    A5Hr3wVNqykXoLiz3aS46pwFdn/mDRnJZip+52mUr/aBRAYOTaMhMB8wHQYDVR0OBBYEFPrBodX70D3ByHwUNj5p1H5yI/q5MAoG\
    CCqGSM49BAMCA0cAMEQCIGO9bhUjuv6Wpv4g5T6l2QizdLcFbWTLWUHrq5r8PVIsAiAQ6Nd+Eyrw92tAWoN4OXYsjuT2MoMx1guj\
    oPBm5WQeABZ91c9t9GVH8yUm5llCNlml3Wdg";
const TRUSTED: &str = "\
    /u3+7QAAAAIAAAABAAAAAgABYQAAAaIf6XSyAAVYLjUwOQAAATIwggEuMIHVoAMCAQICCGMHLrVlM1RjMAoGCCqGSM49BAMCMAwx\
    CjAIBgNVBAMTAWEwHhcNMjYxMTI4MDIwODI1WhcNMjcwMjI2MDIwODI1WjAMMQowCAYDVQQDEwFhMFkwEwYHKoZIzj0CAQYIKoZI\
    zj0DAQcDQgAEaEYUOAfvabnNbNzB6d+Y//bZBso1TmjW9T3WbK5QOhrwr9/6Az9tPeXSYsuck0HCFKzLIDIib4siucDY3Nob86Mh\
    MB8wHQYDVR0OBBYEFFnHDUAtRZ/Z6YVKAzyBhgA81OEtMAoGCCqGSM49BAMCA0gAMEUCIFjh+oMKiKMwH7X217f1IEq0xx6IxMCa\
    9s31dYqn9XeUAiEAr3+aVl19QIFoAPapoMGg8qGqToOQV2/gX74U7z7tF8oN5r6CZ8rFZ9qK3y+u3nzyd3Aigg==";
