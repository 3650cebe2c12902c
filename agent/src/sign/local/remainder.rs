//! The one calculation that OpenSSH's key format leaves to its reader.

use zeroize::Zeroizing;

use crate::secret::Secret;

/// `d mod (prime - 1)`, big-endian, without leading zeros; `None` for a prime below 2.
///
/// The time depends on the lengths only.
pub(super) fn exponent_for(d: &Secret, prime: &Secret) -> Option<Secret> {
    let mut modulus = limbs(prime.bytes());
    if is_zero(&modulus) {
        return None;
    }
    decrement(&mut modulus);
    if is_zero(&modulus) {
        return None;
    }
    let mut rest = Zeroizing::new(vec![0_u64; modulus.len()]);
    let mut reduced = Zeroizing::new(vec![0_u64; modulus.len()]);
    for byte in d.bytes() {
        for shift in (0..8).rev() {
            let carry = double(&mut rest, u64::from(byte >> shift) & 1);
            let borrow = subtract(&rest, &modulus, &mut reduced);
            choose(&mut rest, &reduced, carry | (borrow ^ 1));
        }
    }
    Some(bytes(&rest))
}

/// Little-endian limbs of a big-endian number.
fn limbs(number: &[u8]) -> Zeroizing<Vec<u64>> {
    let mut limbs = Zeroizing::new(Vec::with_capacity(number.len().div_ceil(8)));
    for chunk in number.rchunks(8) {
        limbs.push(
            chunk
                .iter()
                .fold(0, |limb, byte| (limb << 8) | u64::from(*byte)),
        );
    }
    limbs
}

fn is_zero(number: &[u64]) -> bool {
    number.iter().all(|limb| *limb == 0)
}

fn decrement(number: &mut [u64]) {
    let mut borrow = true;
    for limb in number {
        (*limb, borrow) = limb.overflowing_sub(u64::from(borrow));
    }
}

/// `number = 2 * number + bit`; returns the bit that is shifted out.
fn double(number: &mut [u64], bit: u64) -> u64 {
    let mut carry = bit;
    for limb in number {
        let next = *limb >> 63;
        *limb = (*limb << 1) | carry;
        carry = next;
    }
    carry
}

/// `difference = a - b`; returns the borrow.
fn subtract(a: &[u64], b: &[u64], difference: &mut [u64]) -> u64 {
    let mut borrow = false;
    for ((a, b), difference) in a.iter().zip(b).zip(difference) {
        let (partial, first) = a.overflowing_sub(*b);
        let (limb, second) = partial.overflowing_sub(u64::from(borrow));
        *difference = limb;
        borrow = first | second;
    }
    u64::from(borrow)
}

/// `number = other` where `condition` is 1, unchanged where it is 0.
fn choose(number: &mut [u64], other: &[u64], condition: u64) {
    let mask = condition.wrapping_neg();
    for (limb, other) in number.iter_mut().zip(other) {
        *limb = (*limb & !mask) | (other & mask);
    }
}

fn bytes(limbs: &[u64]) -> Secret {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limbs.len() * 8));
    for limb in limbs.iter().rev() {
        bytes.extend_from_slice(&Zeroizing::new(limb.to_be_bytes())[..]);
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Secret::copy_of(bytes.get(zeros..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::exponent_for;
    use crate::secret::Secret;

    proptest! {
        #[test]
        fn the_remainder_is_that_of_the_division(d: u128, prime in 2_u128..) {
            let rest = exponent_for(&number(d), &number(prime)).unwrap();
            prop_assert_eq!(rest.bytes(), &digits(d % (prime - 1)));
        }

        #[test]
        fn long_numbers_reduce_as_their_sum(high: u64, low: u128, prime in 2_u128..u128::from(u64::MAX)) {
            let d = [&high.to_be_bytes()[..], &low.to_be_bytes()].concat();
            let rest = exponent_for(&Secret::from(d), &number(prime)).unwrap();
            let modulus = prime - 1;
            let shifted = (0..128).fold(u128::from(high) % modulus, |value, _| value * 2 % modulus);
            prop_assert_eq!(rest.bytes(), &digits((shifted + low % modulus) % modulus));
        }
    }

    #[test]
    fn there_is_no_remainder_by_nothing() {
        for prime in [vec![], vec![0], vec![1], vec![0, 0, 1]] {
            assert!(exponent_for(&number(5), &Secret::from(prime)).is_none());
        }
    }

    fn number(value: u128) -> Secret {
        Secret::from(digits(value))
    }

    fn digits(value: u128) -> Vec<u8> {
        value
            .to_be_bytes()
            .into_iter()
            .skip_while(|byte| *byte == 0)
            .collect()
    }
}
