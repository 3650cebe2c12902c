//! Logins over a connection that is bound to a session.

use super::*;

fn bound_to(host_key: &[u8], id: &[u8]) -> Bound {
    Bound::Session {
        host_key: host_key.to_vec(),
        id: id.to_vec(),
    }
}

#[test]
fn a_login_of_a_session_that_is_bound_is_to_the_host_of_it_in_a_strict_grant_too() {
    let mut case = Case::new();
    case.bound = bound_to(&host_key(), &[5; 32]);
    let allowed = Verdict::Allow {
        key: 1,
        host: Some("git.acme.internal".to_owned()),
    };
    for strict in [false, true] {
        case.terms.strict = strict;
        assert_eq!(case.judge(&login(&key(), None)), allowed);
        assert_eq!(case.judge(&login(&key(), Some(&host_key()))), allowed);
    }
}

#[test]
fn a_login_of_a_session_with_another_host_is_refused() {
    let mut case = Case::new();
    case.bound = bound_to(&other_host_key(), &[5; 32]);
    let verdict = case.judge(&login(&key(), None));
    assert_eq!(verdict, Verdict::Deny(Reason::HostNotGranted));
}

#[test]
fn a_login_that_contradicts_what_its_connection_is_bound_to_is_refused_in_every_grant() {
    let (key, right, wrong) = (key(), host_key(), other_host_key());
    for (bound, shown) in [
        (bound_to(&right, &[6; 32]), None),
        (bound_to(&right, &[6; 32]), Some(&right)),
        (bound_to(&right, &[5; 31]), None),
        (bound_to(&right, &[5; 32]), Some(&wrong)),
        (bound_to(&wrong, &[5; 32]), Some(&right)),
        (Bound::Broken, None),
        (Bound::Broken, Some(&right)),
    ] {
        let mut case = Case::new();
        case.bound = bound;
        let verdict = case.judge(&login(&key, shown.map(Vec::as_slice)));
        assert_eq!(
            verdict,
            Verdict::Deny(Reason::HostNotVerified),
            "{:?}",
            case.bound
        );
    }
}
