//! Keys lie in their own order, and a tuple's beginning is a prefix of it.

use proptest::prelude::*;
use raft_store_core::Key;
use raft_store_core::kv::prefix_end;

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!['\0', '\u{1}', 'a', 'b', '\u{7f}', 'é', '\u{10ffff}']), 0..6)
        .prop_map(|chars| chars.into_iter().collect())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0x00, 0x01, 0x02, 0x7f, 0xfe, 0xff]), 0..6)
}

type Wide = (String, u32, Vec<u8>, u64);

fn wide() -> impl Strategy<Value = Wide> {
    (text(), prop_oneof![0u32..3, any::<u32>()], bytes(), prop_oneof![0u64..3, any::<u64>()])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_is_preserved(one in wide(), two in wide()) {
        prop_assert_eq!(one.to_bytes().cmp(&two.to_bytes()), one.cmp(&two));
    }

    #[test]
    fn writing_and_reading_are_inverse(key in wide(), small in any::<(u8, u16)>(), id in any::<[u8; 16]>()) {
        prop_assert_eq!(Wide::from_bytes(&key.to_bytes()).unwrap(), key);
        let mixed = (small.0, id, small.1);
        prop_assert_eq!(<(u8, [u8; 16], u16)>::from_bytes(&mixed.to_bytes()).unwrap(), mixed);
    }

    #[test]
    fn a_tuple_begins_with_its_own_beginning_and_no_other(one in wide(), other in text()) {
        let whole = one.to_bytes();
        prop_assert!(whole.starts_with(&(one.0.clone(), one.1).to_bytes()));
        prop_assert_eq!(whole.starts_with(&(other.clone(),).to_bytes()), other == one.0);
    }

    #[test]
    fn a_prefix_ends_before_whatever_does_not_begin_with_it(kind in 0u8..7, prefix in bytes(), key in bytes()) {
        let prefix = [vec![kind], prefix].concat();
        let key = [vec![kind], key].concat();
        let within = prefix <= key && key < prefix_end(&prefix);
        prop_assert_eq!(within, key.starts_with(&prefix));
    }

    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(key) = Wide::from_bytes(&bytes) {
            prop_assert_eq!(key.to_bytes(), bytes);
        }
    }
}

#[test]
fn malformed_keys_are_refused() {
    for bad in [&b"a"[..], b"a\0", b"a\0\x02", b"\xff\0\x01", b"a\0\x01tail"] {
        assert!(String::from_bytes(bad).is_err(), "{bad:?}");
    }
    assert!(u32::from_bytes(&[1, 2, 3]).is_err());
}
