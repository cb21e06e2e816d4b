//! What attackers are slowed down to, and that owners are not kept out.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::counter::FIRST_DELAY_MS;
use super::testing::{ANNA, EVIL, HOME, ended, sign_in, tried, world};
use super::*;
use crate::signin;
use crate::testing::{World, vo};

const LONGEST_S: u64 = LONGEST_DELAY_MS / 1000;
const HOUR: u64 = 3600;

/// A wrong guess; answers whether it was taken.
fn guess(world: &World, login: &str, address: &str) -> bool {
    match tried(world, login, address, None) {
        Ok(attempt) => ended(world, &attempt, false, None).is_err(),
        Err(_) => false,
    }
}

fn wait_s(world: &World, login: &str, address: &str) -> u64 {
    tried(world, login, address, None).map_or_else(|throttled| throttled.retry_after.as_secs(), |_| 0)
}

/// An attacker with these networks who tries at every second; answers the guesses that were taken.
fn attack(world: &World, networks: u8, seconds: u64, logins: &[&str]) -> u32 {
    let mut taken = 0;
    let mut passed = 0;
    while passed < seconds {
        let mut least = u64::MAX;
        for network in 0..networks {
            let address = Ipv4Addr::new(203, 0, 113, network).to_string();
            for login in logins {
                loop {
                    match tried(world, login, &address, None) {
                        Ok(attempt) => {
                            ended(world, &attempt, false, None).unwrap_err();
                            taken += 1;
                        }
                        Err(throttled) => {
                            least = least.min(throttled.retry_after.as_secs().max(1));
                            break;
                        }
                    }
                }
            }
        }
        world.pass(least);
        passed += least;
    }
    taken
}

#[test]
fn delays_double_and_end() {
    let world = world();
    for _ in 0..PAIR_FREE {
        assert!(guess(&world, "anna", EVIL));
    }
    assert!(guess(&world, "anna", EVIL), "the delay begins after the attempt that exceeds the free ones");
    let mut expected = FIRST_DELAY_MS / 1000;
    for _ in 0..12 {
        assert_eq!(wait_s(&world, "anna", EVIL), expected);
        world.pass(expected - 1);
        assert!(expected == 1 || !guess(&world, "anna", EVIL), "{expected}");
        world.pass(1);
        assert!(guess(&world, "anna", EVIL), "{expected}");
        expected = (expected * 2).min(LONGEST_S);
    }
    assert_eq!(expected, LONGEST_S);
}

/// A refused attempt leaves no trace: whoever hammers does not lengthen the delay.
#[test]
fn attempts_during_a_delay_do_not_count() {
    let world = world();
    while guess(&world, "anna", EVIL) {}
    let before = world.revision();
    for _ in 0..50 {
        assert!(!guess(&world, "anna", EVIL));
    }
    assert_eq!(world.revision(), before);
    assert_eq!(wait_s(&world, "anna", EVIL), FIRST_DELAY_MS / 1000);
}

#[test]
fn the_right_password_during_a_delay_gets_the_same_answer() {
    let world = world();
    while guess(&world, "anna", EVIL) {}
    assert!(sign_in(&world, EVIL, None).is_err());
}

#[test]
fn one_network_does_not_keep_the_owner_out_of_another() {
    let world = world();
    let taken = attack(&world, 1, 12 * HOUR, &["anna"]);
    assert!(taken > 50, "{taken}");
    assert!(sign_in(&world, HOME, None).is_ok());
}

#[test]
fn no_attack_keeps_the_owner_out_of_a_browser_they_used() {
    let world = world();
    let device = sign_in(&world, HOME, None).unwrap();
    attack(&world, 200, HOUR, &["anna"]);
    let device = sign_in(&world, HOME, Some(&device)).unwrap();
    // From the attackers' very network as well.
    let address = Ipv4Addr::new(203, 0, 113, 0).to_string();
    assert!(sign_in(&world, &address, Some(&device)).is_ok());
    while guess(&world, "anna", "203.0.113.250") {}
    assert!(sign_in(&world, "192.0.2.77", None).is_err(), "an unknown browser waits while many networks attack");
}

#[test]
fn a_known_browser_is_slowed_down_itself() {
    let world = world();
    let device = sign_in(&world, HOME, None).unwrap();
    let taken = (0..100).take_while(|_| tried(&world, "anna", HOME, Some(&device)).is_ok()).count();
    assert_eq!(taken, usize::try_from(DEVICE_FREE).unwrap() + 1);
}

/// LG05: at most a hundred guesses at an account in the time a counter is remembered, from any number of networks.
#[test]
fn an_account_takes_a_hundred_guesses_in_twelve_hours() {
    for networks in [1, 2, 4, 5, 20, 100] {
        let world = world();
        let taken = attack(&world, networks, REMEMBERED_MS / 1000, &["anna"]);
        assert!(taken <= 100, "{networks} networks: {taken}");
    }
}

/// To an attacker a second name of the account is worth as much as a second network, and no more.
#[test]
fn a_second_name_is_worth_a_second_network() {
    for networks in [1, 2, 10, 100] {
        let (one, both) = (world(), world());
        let by_one = attack(&one, 2 * networks, REMEMBERED_MS / 1000, &["anna"]);
        let by_both = attack(&both, networks, REMEMBERED_MS / 1000, &["anna", "anna@example.org"]);
        assert!(by_both <= by_one && by_both <= 100, "{networks} networks: {by_both}; twice as many: {by_one}");
    }
    let (one, both) = (world(), world());
    let at_once = |world: &World, logins: &[&str]| attack(world, 1, 1, logins);
    let by_both = at_once(&both, &["anna", "anna@example.org"]);
    assert_eq!(by_both, at_once(&one, &["anna"]) + PAIR_FREE + 1);
}

/// LG06: a list of stolen passwords tried from one network.
#[test]
fn one_network_tries_few_of_many_accounts() {
    let world = world();
    let taken = (0..500).filter(|number| guess(&world, &format!("user{number}"), EVIL)).count();
    assert_eq!(taken, usize::try_from(SOURCE_FREE).unwrap() + 1);
    let mut next = 500;
    for _ in 0..HOUR {
        world.pass(1);
        next += i32::from(guess(&world, &format!("user{next}"), EVIL));
    }
    let an_hour = u64::try_from(next - 500).unwrap();
    assert!(an_hour <= HOUR * 1000 / SOURCE_FORGIVES_MS + 10, "{an_hour}");
    assert!(sign_in(&world, HOME, None).is_ok(), "others are not concerned");
}

#[test]
fn the_typing_errors_of_an_institute_leave_no_trace() {
    let world = world();
    for number in 0..500 {
        assert!(guess(&world, &format!("user{number}"), HOME), "{number}");
        world.pass(SOURCE_FORGIVES_MS / 1000);
    }
}

#[test]
fn names_that_are_nobodys_count_like_all_others() {
    let world = world();
    let count = |login: &str| (0..100).take_while(|_| guess(&world, login, EVIL)).count();
    assert_eq!(count("anna"), count("nobody"));
    assert_eq!(wait_s(&world, "anna", EVIL), wait_s(&world, "nobody", EVIL));
    // However it is written, it is one name.
    for same in ["ANNA", "\u{ff41}nna", "NOBODY"] {
        assert!(!guess(&world, same, EVIL), "{same}");
    }
}

/// A delay for a name at once, where the other was tried before, would tell that they are one account's.
#[test]
fn no_delay_tells_which_address_is_whose() {
    for (first, second) in [("anna", "anna@example.org"), ("anna@example.org", "anna")] {
        let counts = |second: &str| {
            let world = world();
            while guess(&world, first, EVIL) {}
            let taken = (0..100).take_while(|_| guess(&world, second, EVIL)).count();
            (taken, wait_s(&world, second, EVIL))
        };
        assert_eq!(counts(second), counts("nobody@example.org"), "{first}, then {second}");
        assert_eq!(counts(second).0, usize::try_from(PAIR_FREE).unwrap() + 1);
    }
}

#[test]
fn a_success_clears_the_owners_counters() {
    let world = world();
    for _ in 0..20 {
        for _ in 0..PAIR_FREE - 1 {
            assert!(guess(&world, "anna", HOME));
            world.pass(SOURCE_FORGIVES_MS / 1000);
        }
        assert!(sign_in(&world, HOME, None).is_ok());
        world.store.run(|tx| signin::forgive(tx, &vo(), ANNA).map(raft_store_core::Outcome::Commit)).unwrap();
    }
}

/// A script that signs in all day does not lock itself out.
#[test]
fn successes_do_not_add_up() {
    let world = world();
    for _ in 0..300 {
        assert!(sign_in(&world, HOME, None).is_ok());
    }
}

/// Otherwise an attacker with an account of their own would clear what counts against their network.
#[test]
fn a_success_takes_back_only_itself_where_strangers_count() {
    let world = world();
    for number in 0..SOURCE_FREE {
        assert!(guess(&world, &format!("user{number}"), EVIL));
    }
    sign_in(&world, EVIL, None).unwrap();
    assert!(guess(&world, "user1000", EVIL));
    assert!(!guess(&world, "user1001", EVIL));
}

#[test]
fn counters_are_forgotten_after_twelve_quiet_hours() {
    let world = world();
    while guess(&world, "anna", EVIL) {}
    world.pass(REMEMBERED_MS / 1000);
    for _ in 0..=PAIR_FREE {
        assert!(guess(&world, "anna", EVIL));
    }
    assert!(!guess(&world, "anna", EVIL));
}

/// A thousand guesses whose passwords are verified at once are a thousand guesses.
#[test]
fn attempts_count_before_any_of_them_ends() {
    let world = world();
    let attempts: Vec<_> = (0..1000).filter_map(|_| tried(&world, "anna", EVIL, None).ok()).collect();
    assert_eq!(attempts.len(), usize::try_from(PAIR_FREE).unwrap() + 1);
}

/// The pool was full: nobody guessed, and nobody is to wait for it.
#[test]
fn an_attempt_whose_password_was_not_looked_at_is_taken_back() {
    let world = world();
    let device = sign_in(&world, HOME, None).unwrap();
    for device in [None, Some(device.as_str())] {
        for _ in 0..200 {
            let attempt = tried(&world, "anna", HOME, device).unwrap();
            world.store.run(|tx| withdraw(tx, &attempt).map(raft_store_core::Outcome::Commit)).unwrap();
        }
    }
}

#[test]
fn the_audit_learns_once_that_there_is_a_delay() {
    let world = world();
    attack(&world, 1, 2 * HOUR, &["anna"]);
    attack(&world, 1, HOUR, &["nobody"]);
    let told: Vec<_> = world.events().into_iter().filter(|event| event["what"] == "sign_in.delayed").collect();
    let about: Vec<_> =
        told.iter().map(|event| (event["object"].clone(), event["changes"]["counts"].clone())).collect();
    let anna = ANNA.to_string();
    for expected in [(&*anna, "name and network"), (&*anna, "account"), ("unknown", "name and network")] {
        let times =
            about.iter().filter(|(object, counts)| (object, counts) == (&expected.0.into(), &expected.1.into()));
        assert_eq!(times.count(), 1, "{expected:?}: {about:?}");
    }
    assert!(!serde_json::to_string(&told).unwrap().contains("nobody"), "what was typed is not repeated");
}

#[test]
fn connections_without_an_address_share_one_network() {
    let world = world();
    while guess(&world, "anna", "no address") {}
    assert!(!guess(&world, "anna", "none either"));
    assert!(guess(&world, "anna", HOME));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever strangers do, a counter's wait is never longer than the longest, and time alone ends it.
    #[test]
    fn nobody_waits_longer_than_the_longest_delay(
        steps in prop::collection::vec((0u8..4, 0u8..3, 0u64..400), 1..60),
    ) {
        let world = world();
        for (network, login, pause) in steps {
            let address = Ipv4Addr::new(203, 0, 113, network).to_string();
            let login = ["anna", "nobody", "idle"][usize::from(login)];
            if let Err(throttled) = tried(&world, login, &address, None) {
                prop_assert!(throttled.retry_after.as_millis() <= u128::from(LONGEST_DELAY_MS));
            }
            world.pass(pause);
        }
        world.pass(LONGEST_S);
        prop_assert!(tried(&world, "anna", HOME, None).is_ok());
    }
}
