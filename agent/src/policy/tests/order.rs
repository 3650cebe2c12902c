//! Of several reasons the first in a fixed order is told.

use super::*;

/// Everything is wrong at once, and is put right one by one: the reasons come in their order.
#[test]
fn reasons_are_looked_for_in_a_fixed_order() {
    let mut case = Case::new();
    case.terms.strict = true;
    case.now = case.terms.expires;
    case.standing = Standing {
        recorded_all: true,
        revoked: true,
        locked: true,
        signed: 50,
    };
    let (stranger, key, dss) = (blob("ssh-ed25519", 66), key(), blob("ssh-dss", 3));
    let not_a_login = |case: &Case, key: &[u8]| case.judge_data(key, b"not a login");
    assert_eq!(
        not_a_login(&case, &stranger),
        Verdict::Deny(Reason::Expired)
    );
    case.terms.expires = case.now + Duration::from_secs(1);
    assert_eq!(
        not_a_login(&case, &stranger),
        Verdict::Deny(Reason::RecordsSpent)
    );
    case.standing.recorded_all = false;
    assert_eq!(
        not_a_login(&case, &stranger),
        Verdict::Deny(Reason::Revoked)
    );
    case.standing.revoked = false;
    assert_eq!(not_a_login(&case, &stranger), Verdict::Deny(Reason::Locked));
    case.standing.locked = false;
    assert_eq!(
        not_a_login(&case, &stranger),
        Verdict::Deny(Reason::BudgetSpent)
    );
    case.standing.signed = 0;
    assert_eq!(
        not_a_login(&case, &stranger),
        Verdict::Deny(Reason::KeyNotGranted)
    );
    assert_eq!(not_a_login(&case, &key), Verdict::Deny(Reason::NotALogin));
    let (wrong_host, right_host) = (other_host_key(), host_key());
    let mut login = Userauth {
        user: b"root",
        service: "x",
        algorithm: "ssh-dss",
        ..login(&dss, Some(&wrong_host))
    };
    assert_eq!(case.judge(&login), Verdict::Deny(Reason::WrongUser));
    login.user = b"git";
    assert_eq!(case.judge(&login), Verdict::Deny(Reason::WrongService));
    login.service = "ssh-connection";
    assert_eq!(case.judge(&login), Verdict::Deny(Reason::HostNotGranted));
    login.host_key = None;
    assert_eq!(case.judge(&login), Verdict::Deny(Reason::HostNotVerified));
    login.host_key = Some(&right_host);
    assert_eq!(
        case.judge(&login),
        Verdict::Deny(Reason::AlgorithmNotAllowed)
    );
}
