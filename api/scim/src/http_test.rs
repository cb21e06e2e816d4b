//! The wire: what each operation answers, and what it refuses.

mod bad_input;
mod groups;
mod lists;
mod users;
