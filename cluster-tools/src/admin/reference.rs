//! How people and groups are named in paths: by id, or by name.

use uuid::Uuid;

use super::segment;

/// The length of an id as it is written; a shorter form of a UUID is taken for a name.
const ID: usize = 36;

/// An id or a name as a segment of a path.
pub(crate) fn reference(text: &str) -> String {
    let is_id = text.len() == ID && Uuid::try_parse(text).is_ok();
    if is_id { segment(text) } else { segment(&format!("name:{text}")) }
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn what_is_no_id_is_a_name() {
        let id = "6f1d2c3b-0a9e-4d57-8c11-000000000001";
        assert_eq!(reference(id), "6f1d2c3b%2D0a9e%2D4d57%2D8c11%2D000000000001");
        assert_eq!(reference("a/b"), "name%3Aa%2Fb");
        assert_eq!(reference("6f1d2c3b0a9e4d578c11000000000001"), "name%3A6f1d2c3b0a9e4d578c11000000000001");
    }
}
