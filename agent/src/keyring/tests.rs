use keystay_proto::agent::{
    AddIdentity, AddedKey, Constraint, MessageNumber, Request, SignFlags, SignRequest,
};

use super::{answer::answer, *};
use crate::{clock::tests::machine_sleeps, testing::Fixture};

const PUBLIC: [u8; 32] = [
    0x3b, 0x6a, 0x27, 0xbc, 0xce, 0xb6, 0xa4, 0x2d, 0x62, 0xa3, 0xa8, 0xd0, 0x2a, 0x6f, 0x0d, 0x73,
    0x65, 0x32, 0x15, 0x77, 0x1d, 0xe2, 0x43, 0xa6, 0x3a, 0xc0, 0x48, 0xa1, 0x8b, 0x59, 0xda, 0x29,
];

/// Adds the ed25519 key of the seed of zeros; its blob.
async fn add(keyring: &Keyring, lifetime: Option<u32>) -> Vec<u8> {
    let constraints: Vec<_> = lifetime.map(Constraint::Lifetime).into_iter().collect();
    let number = match lifetime {
        Some(_) => MessageNumber::ADD_ID_CONSTRAINED,
        None => MessageNumber::ADD_IDENTITY,
    };
    let private = [[0; 32], PUBLIC].concat();
    let identity = AddIdentity {
        key_type: b"ssh-ed25519",
        certificate: None,
        key: AddedKey::Ed25519 {
            public: &PUBLIC,
            private: &private,
        },
        comment: b"",
        constraints,
    };
    let (mut body, mut message) = (Vec::new(), Vec::new());
    identity.encode(&mut body);
    let body = &body;
    Request::Other { number, body }.encode(&mut message);
    assert_eq!(ask(keyring, &message).await, [6]);
    let keys = keyring.shown();
    keys.last().unwrap().blob.clone()
}

async fn ask(keyring: &Keyring, message: &[u8]) -> Vec<u8> {
    answer(keyring, &mut Binds::default(), message).await
}

async fn signs(keyring: &Keyring, key_blob: &[u8]) -> bool {
    let mut message = Vec::new();
    let request = SignRequest {
        key_blob,
        data: b"data",
        flags: SignFlags(0),
    };
    Request::SignRequest(request).encode(&mut message);
    ask(keyring, &message).await[0] == 14
}

fn keyring(fixture: &Fixture) -> Keyring {
    Keyring::new(&[], Arc::clone(&fixture.audit), Asker::nobody())
}

#[tokio::test]
async fn a_key_that_was_added_for_an_hour_is_gone_after_a_day_asleep() {
    let fixture = Fixture::new().await;
    let keyring = keyring(&fixture);
    let key = add(&keyring, Some(3_600)).await;
    machine_sleeps(Duration::from_mins(59));
    assert!(signs(&keyring, &key).await);
    machine_sleeps(Duration::from_hours(23));
    assert!(!signs(&keyring, &key).await, "no timer has to fire before");
    assert!(keyring.shown().is_empty());
}

#[tokio::test]
async fn a_key_without_a_lifetime_stays_while_the_machine_sleeps() {
    let fixture = Fixture::new().await;
    let keyring = keyring(&fixture);
    let key = add(&keyring, None).await;
    machine_sleeps(Duration::from_hours(24 * 365));
    assert!(signs(&keyring, &key).await);
}

#[tokio::test]
async fn the_lifetime_of_every_key_passes_while_the_machine_sleeps() {
    let fixture = Fixture::new().await;
    let keyring = keyring(&fixture).with(Defaults {
        lifetime: Some(Duration::from_hours(1)),
        ..Defaults::default()
    });
    add(&keyring, None).await;
    assert_eq!(keyring.shown().len(), 1);
    machine_sleeps(Duration::from_hours(1));
    assert!(keyring.shown().is_empty());
}
