//! How long and how often a grant signs.

use super::*;

#[test]
fn a_grant_is_over_at_its_expiry() {
    let mut case = Case::new();
    case.now = case.terms.expires;
    assert_eq!(
        case.judge(&login(&key(), None)),
        Verdict::Deny(Reason::Expired)
    );
}

#[test]
fn a_revoked_grant_signs_nothing() {
    let mut case = Case::new();
    case.standing.revoked = true;
    assert_eq!(
        case.judge(&login(&key(), None)),
        Verdict::Deny(Reason::Revoked)
    );
}

#[test]
fn the_fiftieth_signature_is_allowed_and_the_next_is_not() {
    let mut case = Case::new();
    case.standing.signed = 49;
    assert!(matches!(
        case.judge(&login(&key(), None)),
        Verdict::Allow { .. }
    ));
    case.standing.signed = 50;
    assert_eq!(
        case.judge(&login(&key(), None)),
        Verdict::Deny(Reason::BudgetSpent)
    );
}
