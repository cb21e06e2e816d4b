//! The canonical one of two ECDSA signatures.
//!
//! Where (r, s) verifies, so does (r, n - s): anyone could make a second token of one that is ours. We sign with the
//! lower s and take no other, so that a token has one text form.

/// Bytes of r, and of s, on P-256.
const HALF: usize = 32;
/// The order n of P-256 (SEC 2, §2.4.2), big-endian.
const ORDER: [u8; HALF] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// n / 2, rounded down.
const HALF_ORDER: [u8; HALF] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d,
    0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Whether a signature r ‖ s has the lower s. One of another length has not.
pub(super) fn is_low(signature: &[u8]) -> bool {
    signature.len() == 2 * HALF && signature.last_chunk::<HALF>().is_some_and(|s| *s <= HALF_ORDER)
}

/// Gives a signature r ‖ s the lower s. Signatures are public, so nothing here need take the same time.
pub(super) fn lower(signature: &mut [u8]) {
    if let Some(s) = signature.last_chunk_mut::<HALF>()
        && *s > HALF_ORDER
    {
        *s = negated(*s);
    }
}

/// n - s, for s of at most n.
fn negated(s: [u8; HALF]) -> [u8; HALF] {
    let mut out = ORDER;
    let mut borrow = false;
    for (digit, less) in out.iter_mut().zip(s).rev() {
        let (first, under) = digit.overflowing_sub(less);
        let (second, under_again) = first.overflowing_sub(u8::from(borrow));
        (*digit, borrow) = (second, under || under_again);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_the_order_is_low_and_one_more_is_high() {
        let signature = |s: [u8; HALF]| [[1; HALF], s].concat();
        let mut next = HALF_ORDER;
        next[HALF - 1] += 1;
        assert!(is_low(&signature(HALF_ORDER)));
        assert!(!is_low(&signature(next)));
        // n is odd: its halves differ by one.
        assert_eq!(negated(HALF_ORDER), next);
        assert_eq!(negated(ORDER), [0; HALF]);
        for length in [0, 32, 63, 65, 70] {
            assert!(!is_low(&vec![0; length]), "{length}");
        }
    }

    proptest! {
        #[test]
        fn every_signature_has_one_low_form(r: [u8; HALF], s: [u8; HALF]) {
            prop_assume!(s < ORDER);
            let mut low = [r, s].concat();
            lower(&mut low);
            prop_assert!(is_low(&low));
            prop_assert_eq!(&low[..HALF], &r[..]);
            let mut other = [r, negated(s)].concat();
            lower(&mut other);
            prop_assert!(other == low || s == [0; HALF]);
        }
    }
}
