//! Record fields: tolerant in both directions.

use prost::Message;

/// The fields of a record as tagged bytes. A record written by a newer version keeps, through a rewrite by an older
/// one, the top-level fields that the older one does not know.
pub trait Row: Sized + Clone {
    /// The fields as bytes.
    fn encode_fields(&self) -> Vec<u8>;
    /// The fields from bytes; unknown ones are skipped.
    ///
    /// # Errors
    /// When the bytes are not tagged fields.
    fn decode_fields(bytes: &[u8]) -> Result<Self, prost::DecodeError>;
}

impl<M: Message + Default + Clone> Row for M {
    fn encode_fields(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode_fields(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        M::decode(bytes)
    }
}

/// `new`, preceded by those top-level fields of `old` that `R` does not know.
pub(crate) fn keep_unknown<R: Row>(old: &[u8], new: Vec<u8>) -> Vec<u8> {
    if R::decode_fields(old).is_ok_and(|row| row.encode_fields() == old) {
        return new;
    }
    let mut out = Vec::new();
    let mut rest = old;
    while let Some(len) = field_length(rest) {
        let Some((field, tail)) = rest.split_at_checked(len) else { break };
        if R::decode_fields(field).is_ok_and(|row| row.encode_fields().is_empty()) {
            out.extend_from_slice(field);
        }
        rest = tail;
    }
    out.extend_from_slice(&new);
    out
}

/// Length of the first tagged field, tag included.
fn field_length(bytes: &[u8]) -> Option<usize> {
    let mut cursor = bytes;
    let tag = prost::encoding::decode_varint(&mut cursor).ok()?;
    let header = bytes.len() - cursor.len();
    let body = match tag & 7 {
        0 => {
            let before = cursor.len();
            prost::encoding::decode_varint(&mut cursor).ok()?;
            before - cursor.len()
        }
        1 => 8,
        2 => {
            let before = cursor.len();
            let len = usize::try_from(prost::encoding::decode_varint(&mut cursor).ok()?).ok()?;
            (before - cursor.len()).checked_add(len)?
        }
        5 => 4,
        _ => return None,
    };
    header.checked_add(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct Older {
        #[prost(string, tag = "1")]
        name: String,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Newer {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(uint64, tag = "9")]
        added: u64,
    }

    #[test]
    fn unknown_field_survives_a_rewrite_by_an_older_version() {
        let stored = Newer { name: "a".into(), added: 7 }.encode_fields();
        let mut row = Older::decode_fields(&stored).unwrap();
        row.name = "b".into();
        let rewritten = keep_unknown::<Older>(&stored, row.encode_fields());
        assert_eq!(Newer::decode_fields(&rewritten).unwrap(), Newer { name: "b".into(), added: 7 });
    }
}
