//! What a cluster promises while its processes are killed, stopped, replaced and cut off.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise and shows its figures"
)]

mod clocks_of_all;
mod compared;
mod deleted_group;
mod disabled_client;
mod disk;
mod killed_follower;
mod killed_leader;
mod killed_together;
mod late_learner;
mod late_reader;
mod lost_quorum;
mod paused_leader;
mod put_back;
mod rebuilt_follower;
mod removed_node;
mod rolling_restart;
mod stays_signed_in;
mod survival;
mod world;
