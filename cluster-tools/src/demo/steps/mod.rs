//! The story, one step a file.

mod catch_up;
mod form;
mod kill;
mod people;
mod provision;
mod read_back;
mod revoke;
mod suspend;
mod token;

use super::fault::Failed;
use super::report::Report;
use super::world::World;

pub(super) use people::Loaded;
pub(super) use provision::Credentials;

/// What the story leaves behind.
pub(super) struct Story {
    pub(super) credentials: Credentials,
    pub(super) loaded: Loaded,
}

const FORM: &str = "The cluster forms";
const PROVISION: &str = "Realm and client are made through a follower";
const PEOPLE: &str = "A thousand people are loaded through a follower and read back at the other";
const SUSPEND: &str = "A person signs in, is suspended at one node and refused at all";
const TOKEN: &str = "A token of the other follower, verified with a third node's keys";
const KILL: &str = "The leader is killed under load";
const REVOKE: &str = "Revoked at one node, inactive at the others";
const CATCH_UP: &str = "The killed node comes back";
const READ_BACK: &str = "Every acknowledged write is read back at every node";

/// Tells everything up to the point where the cluster is left to the user.
pub(super) async fn tell(world: &mut World, report: &Report) -> Result<Story, Box<Failed>> {
    macro_rules! step {
        ($name:expr, $step:expr) => {{
            report.step($name);
            match $step.await {
                Ok(told) => match world.processes.check() {
                    Ok(()) => told,
                    Err(why) => return Err(Failed::boxed($name, why)),
                },
                Err(why) => return Err(Failed::boxed($name, world.explain(why))),
            }
        }};
    }
    step!(FORM, form::run(world, report));
    let credentials = step!(PROVISION, provision::run(world, report));
    let loaded = step!(PEOPLE, people::run(world, &credentials, report));
    step!(SUSPEND, suspend::run(world, &credentials, &loaded, report));
    let verifier = step!(TOKEN, token::run(world, &credentials, report));
    let survived = step!(KILL, kill::run(world, &credentials, verifier, report));
    let revoked = step!(REVOKE, revoke::run(&survived.survivors, &credentials, report));
    step!(CATCH_UP, catch_up::run(world, &survived, &revoked, &credentials, report));
    step!(READ_BACK, read_back::run(world, &survived, &credentials, report));
    Ok(Story { credentials, loaded })
}
