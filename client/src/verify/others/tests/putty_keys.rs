//! Keys as PuTTY writes them.

use super::*;

#[test]
fn putty_s_keys_are_found() {
    for (key, expected) in [
        (PUTTY_2.to_owned(), "PuTTY"),
        (PUTTY_2.replace('\n', "\r\n"), "PuTTY"),
        (PUTTY_3.to_owned(), "PuTTY, locked by a passphrase"),
    ] {
        let text = format!("x{key}y");
        let expected = [format!("another private key ({expected})")];
        assert_eq!(kinds(text.as_bytes()), expected);
        for absent in ["Encryption", "Private-Lines", "AAAAIF", "1u8z"] {
            let Some(at) = key.find(absent) else { continue };
            assert_eq!(kinds(&key.as_bytes()[..at]), [""; 0]);
        }
    }
}

/// Written by puttygen 0.78.
const PUTTY_2: &str = "\
PuTTY-User-Key-File-2: ecdsa-sha2-nistp256\n\
Encryption: none\n\
Comment: test\n\
Public-Lines: 3\n\
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOkRltWYuTAd\n\
3Fc45xDMsmFFVqPXezRTPucm2/bSLkwSBHny6la2bkQIfTeeKHY91+F2IBJ5Q8Y5\n\
yx4gdeZKswY=\n\
Private-Lines: 1\n\
AAAAIF3s0MZes0vy5WYn8aDdCvzGorwOGRA9k3Q5jab+gp5L\n\
Private-MAC: daf00ff548b2f97a1914c35108acea0dad79b816\n\
";
/// Likewise, with the passphrase `word`.
const PUTTY_3: &str = "\
PuTTY-User-Key-File-3: ssh-ed25519\n\
Encryption: aes256-cbc\n\
Comment: test\n\
Public-Lines: 2\n\
AAAAC3NzaC1lZDI1NTE5AAAAIP2OX8ikUqajT7YJQyGFfRINbk7f3qWONEZ4UO4v\n\
hhWD\n\
Key-Derivation: Argon2id\n\
Argon2-Memory: 8192\n\
Argon2-Passes: 21\n\
Argon2-Parallelism: 1\n\
Argon2-Salt: 201f649591b7e4daaec61b0f63ea70c0\n\
Private-Lines: 1\n\
1u8zqDAwp+oiDdJHtNS1I6iqtaii7UvcmGYbkUVnnxD6o3a8/WXOJHj1G8velUMk\n\
Private-MAC: 73476e36f6b78ea299ab9d6240e3f5ae13e9d1eb62751937b981ccafb7746dca\n\
";
