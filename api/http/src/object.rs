//! JSON objects, and nothing else in their place.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A `T` written as an object. A derived struct would take an array of its fields in order as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        a: u8,
    }

    #[test]
    fn only_objects_are_objects() {
        let parse = serde_json::from_str::<Object<Sample>>;
        assert_eq!(parse(r#"{"a":1}"#).unwrap().0, Sample { a: 1 });
        for bad in ["[1]", "1", "null", r#"{"a":1,"a":1}"#, r#"{"a":1,"b":1}"#, "{}"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
