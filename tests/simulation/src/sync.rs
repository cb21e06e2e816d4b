//! A value that the one thread of a simulation shares, where the type system wants more.

use std::sync::Mutex;

/// Never contended.
#[derive(Debug, Default)]
pub(crate) struct Cell<T>(Mutex<T>);

impl<T> Cell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub(crate) fn set(&self, value: T) {
        self.with(|held| *held = value);
    }
}

impl<T: Copy> Cell<T> {
    pub(crate) fn get(&self) -> T {
        self.with(|held| *held)
    }
}
