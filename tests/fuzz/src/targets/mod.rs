//! One file a target.

macro_rules! declare {
    ($($name:ident),*) => {
        $(pub mod $name;)*

        /// All of them.
        pub static TARGETS: &[&crate::Target] = &[$(&$name::TARGET),*];
    };
}

crate::for_each_target!(declare);

/// The target of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static crate::Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}
