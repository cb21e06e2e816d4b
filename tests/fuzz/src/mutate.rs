//! Inputs made of others: deterministic, without coverage.

/// A generator of numbers that begins at a seed (splitmix64).
pub struct Rng(u64);

impl Rng {
    /// The sequence of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, zero when there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() >> 1).unwrap_or_default() % end.max(1)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        let most = (length - from).min(if self.below(4) == 0 { 64 } else { 8 });
        from..from + self.below(most + 1)
    }
}

/// Bytes of an input, mostly.
const USUAL: usize = 4 * 1024;
/// Bytes of an input at most.
pub const LONGEST: usize = 64 * 1024;
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    7,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX - 1,
    u64::MAX,
];

/// Makes inputs of a pool.
pub struct Mutator<'a> {
    rng: Rng,
    pool: &'a [Vec<u8>],
    words: &'a [&'a str],
}

impl<'a> Mutator<'a> {
    /// Inputs made of `pool` with `words`, always the same.
    #[must_use]
    pub fn new(seed: u64, pool: &'a [Vec<u8>], words: &'a [&'a str]) -> Self {
        Self { rng: Rng::new(seed), pool, words }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.one_of_pool();
        if self.rng.below(500) == 0 {
            return self.grown(&input);
        }
        for _ in 0..=self.rng.below(4) {
            self.change(&mut input);
        }
        input.truncate(USUAL);
        input
    }

    fn one_of_pool(&mut self) -> Vec<u8> {
        let place = self.rng.below(self.pool.len());
        self.pool.get(place).cloned().unwrap_or_default()
    }

    /// A part again and again: what grows faster than its input is seen at the largest.
    fn grown(&mut self, input: &[u8]) -> Vec<u8> {
        let part = match self.rng.below(3) {
            0 => self.word(),
            1 => input[self.rng.range(input.len())].to_vec(),
            _ => input.to_vec(),
        };
        let head = input[..self.rng.below(input.len() + 1)].to_vec();
        let times = LONGEST / part.len().max(1);
        let mut out = [head, part.repeat(times)].concat();
        out.truncate(LONGEST);
        out
    }

    fn word(&mut self) -> Vec<u8> {
        let place = self.rng.below(self.words.len());
        match self.words.get(place) {
            Some(word) => word.as_bytes().to_vec(),
            None => (0..=self.rng.below(4)).map(|_| self.byte()).collect(),
        }
    }

    fn byte(&mut self) -> u8 {
        let number = self.rng.number();
        if number & 0x100 == 0 { number.to_le_bytes()[0] } else { b' ' + number.to_le_bytes()[0] % 95 }
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.rng.below(input.len() + 1);
        match self.rng.below(12) {
            0 if at < input.len() => input[at] ^= 1 << self.rng.below(8),
            1 if at < input.len() => input[at] = self.byte(),
            2 if at < input.len() => input[at] = input[at].wrapping_add(if self.rng.below(2) == 0 { 1 } else { 255 }),
            3 => drop(input.drain(self.rng.range(input.len()))),
            4 => {
                let copied = input[self.rng.range(input.len())].to_vec();
                input.splice(at..at, copied);
            }
            5 => {
                let copied = input[self.rng.range(input.len())].to_vec();
                let end = (at + copied.len()).min(input.len());
                input.splice(at..end, copied);
            }
            6 => {
                let other = self.one_of_pool();
                input.truncate(at);
                input.extend_from_slice(&other[self.rng.below(other.len() + 1)..]);
            }
            7 => {
                let other = self.one_of_pool();
                let part = other[self.rng.range(other.len())].to_vec();
                input.splice(at..at, part);
            }
            8 => {
                let edge = EDGES[self.rng.below(EDGES.len())];
                let (large, small) = (edge.to_be_bytes(), edge.to_le_bytes());
                let width = 1 << self.rng.below(4);
                let bytes = if self.rng.below(2) == 0 { &large[8 - width..] } else { &small[..width] };
                let end = (at + width).min(input.len());
                input.splice(at..end, bytes.iter().copied());
            }
            9 => {
                let range = self.rng.range(input.len());
                let word = self.word();
                input.splice(range, word);
            }
            10 => input.truncate(at),
            _ => {
                let word = self.word();
                input.splice(at..at, word);
            }
        }
    }
}
