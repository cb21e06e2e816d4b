//! The clients: what each asks next, where, and what it makes of the answer.

use std::time::Duration;

use raft_store_core::{Freshness, Revision};
use rand::RngExt;
use rand::rngs::SmallRng;

use crate::op::{Call, Ended, NONE, Op, Read, Write};

const CLIENTS: usize = 20;
const FAMILIES: u64 = 4;

#[derive(Clone, Default)]
struct Client {
    busy: bool,
    /// Not before this tick.
    next: u64,
    /// Tried again elsewhere after a refusal.
    again: Option<Op>,
    /// The highest revision it was told.
    seen: u64,
}

/// All clients and what they know together.
pub(crate) struct Clients {
    all: Vec<Client>,
    calls: u64,
    /// Codes minted and not known to be used.
    codes: Vec<u64>,
    /// The last secret that was handed out, by family.
    secrets: [u64; FAMILIES as usize],
    /// Tokens: client and the revision they were issued at.
    tokens: Vec<(u64, u64)>,
    /// Longest pause between two calls of a client, ticks.
    pub(crate) think: u64,
    /// Whether every call waits as long as any may.
    pub(crate) patient: bool,
}

impl Clients {
    pub(crate) fn new(think: u64, patient: bool) -> Self {
        let secrets = [0; FAMILIES as usize];
        let all = vec![Client::default(); CLIENTS];
        Self { all, calls: 0, codes: Vec::new(), secrets, tokens: Vec::new(), think, patient }
    }

    /// Whether nobody waits for an answer.
    pub(crate) fn idle(&self) -> bool {
        self.all.iter().all(|client| !client.busy)
    }

    /// The calls that begin now, at some of the members that are open.
    pub(crate) fn begin(&mut self, tick: u64, open: &[u64], rng: &mut SmallRng) -> Vec<Call> {
        let mut calls = Vec::new();
        for at in 0..self.all.len() {
            if self.all[at].busy || self.all[at].next > tick || open.is_empty() {
                continue;
            }
            let op = self.all[at].again.take().unwrap_or_else(|| self.choose(at, rng));
            self.calls += 1;
            let node = open[rng.random_range(0..open.len())];
            let within = [150, 400, 1_000, 2_000, 5_000][rng.random_range(0..5)];
            let within = if self.patient { 5_000 } else { within };
            let call = Call { id: self.calls, client: at, node, op, within: Duration::from_millis(within) };
            self.all[at].busy = true;
            calls.push(call);
        }
        calls
    }

    /// A call has ended.
    pub(crate) fn ended(&mut self, call: Call, ended: Ended, tick: u64) {
        let client = &mut self.all[call.client];
        client.busy = false;
        // Thinking is drawn from the call's number: hosts draw nothing from the simulator's randomness.
        client.next = tick + 1 + (call.id.wrapping_mul(0x9e37_79b9) >> 7) % self.think;
        match ended {
            Ended::Committed { revision, answer, .. } => {
                client.seen = client.seen.max(revision.0);
                match call.op {
                    Op::Write(Write::Mint { code }) => self.codes.push(code),
                    Op::Write(Write::Rotate { family, .. }) if answer < NONE - 1 => {
                        self.secrets[usize::try_from(family % FAMILIES).unwrap()] = answer;
                    }
                    _ => {}
                }
            }
            Ended::Answered { revision, answer, .. } => {
                client.seen = client.seen.max(revision.0);
                if let Op::Read(Read::Issue { client }, _) = call.op
                    && answer == 1
                {
                    self.tokens.push((client, revision.0));
                }
            }
            Ended::NotDone if !call.id.is_multiple_of(3) => client.again = Some(call.op),
            Ended::NotDone | Ended::Unknown => {}
        }
    }

    fn choose(&mut self, at: usize, rng: &mut SmallRng) -> Op {
        let id = self.calls + 1;
        let of = |rng: &mut SmallRng, n: u64| rng.random_range(0..n);
        let write = match rng.random_range(0..100) {
            0..8 => Write::Mint { code: id },
            8..18 => {
                let Some(last) = self.codes.len().checked_sub(1) else { return Op::Write(Write::Mint { code: id }) };
                // Two clients have the same code now and then; now and then it is used a second time.
                let chosen = rng.random_range(last.saturating_sub(4)..=last);
                let code = if rng.random_bool(0.3) { self.codes.remove(chosen) } else { self.codes[chosen] };
                Write::Consume { code }
            }
            18..26 => {
                let slot = of(rng, FAMILIES);
                let good = self.secrets[usize::try_from(slot).unwrap()];
                // A family that was ended is begun again under another key after a while.
                let family = slot + FAMILIES * (id / 400);
                let presented = if rng.random_bool(0.9) { good } else { good.saturating_sub(1) };
                Write::Rotate { family, presented }
            }
            26..32 => Write::Increment { counter: of(rng, 3) },
            32..37 => Write::Take { slot: of(rng, 2) },
            37..42 => Write::GiveBack { slot: of(rng, 2) },
            42..45 => Write::Set { register: of(rng, 3) },
            45..49 => Write::Acquire { lease: of(rng, 3), ms: rng.random_range(200..2_500) },
            49..54 => Write::Join { group: of(rng, 2) },
            54..57 => Write::Leave { group: of(rng, 2) },
            57..60 => Write::Create { name: of(rng, 4) },
            60..62 => Write::Remove { name: of(rng, 4) },
            62..64 => Write::Revoke { client: of(rng, 3) },
            64..67 => Write::Suspend { client: of(rng, 3), active: rng.random_bool(0.5) },
            _ => return self.ask(at, rng),
        };
        Op::Write(write)
    }

    fn ask(&self, at: usize, rng: &mut SmallRng) -> Op {
        let of = |rng: &mut SmallRng, n: u64| rng.random_range(0..n);
        let read = match rng.random_range(0..20) {
            0 => Read::Code { code: of(rng, self.calls + 1) },
            1 => Read::Counter { counter: of(rng, 3) },
            2 | 3 => Read::Slot { slot: of(rng, 2) },
            4 => Read::Register { register: of(rng, 3) },
            5 | 6 => Read::Lease { lease: of(rng, 3) },
            7 => Read::Group { group: of(rng, 2) },
            8 => Read::Name { name: of(rng, 4) },
            9..14 => {
                let grace = [0, 500, 2_000, 10_000][rng.random_range(0..4)];
                let fresh = Freshness::Issuing { grace: Duration::from_millis(grace) };
                return Op::Read(Read::Issue { client: of(rng, 3) }, fresh);
            }
            14..17 if !self.tokens.is_empty() => {
                let (client, issued) = self.tokens[rng.random_range(0..self.tokens.len())];
                return Op::Read(Read::Introspect { client, issued }, Freshness::Linearizable);
            }
            _ => Read::Receipt { of: (self.calls + 1).saturating_sub(of(rng, 60)) },
        };
        let fresh = match rng.random_range(0..10) {
            0..6 => Freshness::Linearizable,
            6..8 => Freshness::AtLeast(Revision(self.all[at].seen)),
            _ => Freshness::Local,
        };
        Op::Read(read, fresh)
    }
}
