//! The parts of a person's record as JSON, both ways.

use serde::{Deserialize, Serialize};
use woad_identity::user;

/// Declares a part: its fields, and how it becomes the record's part and comes from it. What the record has beside
/// them is the domain's to fill in. Fields that a body does not name are as in the part's default.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident: $record:ty { $($field:ident: $kind:ty),* $(,)? } $($beside:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            $($field: $kind,)*
        }

        impl From<$name> for $record {
            fn from(part: $name) -> Self {
                Self { $($field: part.$field,)* $($beside: Default::default(),)* }
            }
        }

        impl From<&$record> for $name {
            fn from(record: &$record) -> Self {
                Self { $($field: record.$field.clone(),)* }
            }
        }
    };
}

part!(
    /// The parts of a name.
    #[derive(Default)]
    NamePart: user::Name {
        given: String, family: String, middle: String, prefix: String, suffix: String, formatted: String,
    }
);
part!(
    /// An e-mail address. One that an administrator or an import gives counts as verified unless it says that it is not.
    EmailPart: user::Email { value: String, kind: String, display: String, primary: bool, verified: bool } provenance
);
part!(
    /// A telephone number.
    #[derive(Default)]
    PhonePart: user::Phone { value: String, kind: String, display: String, primary: bool }
);
part!(
    /// A picture.
    #[derive(Default)]
    PhotoPart: user::Photo { value: String, kind: String, display: String, primary: bool }
);
part!(
    /// A postal address.
    #[derive(Default)]
    AddressPart: user::Address {
        formatted: String, street: String, locality: String, region: String, postal_code: String, country: String,
        kind: String, primary: bool,
    }
);
part!(
    /// A name and a value.
    #[derive(Default)]
    AttributePart: user::Attribute { name: String, value: String } provenance
);
part!(
    /// A label.
    #[derive(Default)]
    LabelPart: user::Label { prefix: String, name: String, value: String }
);

impl Default for EmailPart {
    fn default() -> Self {
        let (value, kind, display) = (String::new(), String::new(), String::new());
        Self { value, kind, display, primary: false, verified: true }
    }
}
