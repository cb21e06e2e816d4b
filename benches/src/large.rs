//! What takes long to load: many people, many refresh families, many issued tokens, in one cluster of three.

mod disk;
mod families;
mod issued;
mod join;
mod restart;
mod users;

use anyhow::{Context as _, bail};

use crate::bench;
use crate::scim::Provisioner;
use crate::world::Cluster;

/// How many of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    users: usize,
    families: usize,
    tokens: usize,
}

impl Sizes {
    /// From `--users N`, `--families N`, `--tokens N`; what is not said is what `make bench` takes.
    ///
    /// # Errors
    /// For another word, or what is no number above zero.
    pub(crate) fn parse(words: &[&str]) -> anyhow::Result<Self> {
        let mut sizes = Self { users: 1_000_000, families: 1_000_000, tokens: 10_000_000 };
        for pair in words.chunks(2) {
            let [name, number] = pair else { bail!("a number is missing behind {pair:?}") };
            let size = match *name {
                "--users" => &mut sizes.users,
                "--families" => &mut sizes.families,
                "--tokens" => &mut sizes.tokens,
                _ => bail!("{name:?} is none of --users, --families, --tokens"),
            };
            *size = number.parse().ok().filter(|number| *number > 0).with_context(|| format!("no count: {number}"))?;
        }
        Ok(sizes)
    }
}

/// All rows.
pub(crate) fn run(sizes: Sizes) -> anyhow::Result<()> {
    bench::run(async |folder, flush, report| {
        let mut cluster = Cluster::form(&folder.join("three")).await?;
        let provisioner = Provisioner::register(&mut cluster).await?;
        users::run(&cluster, &provisioner, sizes.users, report).await?;
        restart::run(&mut cluster, &provisioner, report).await?;
        families::run(&mut cluster, sizes.families, flush, report).await?;
        issued::run(&cluster, sizes.tokens, report).await?;
        join::run(&mut cluster, &folder.join("three/4"), report).await?;
        cluster.stop().await
    })
}

#[cfg(test)]
mod tests {
    use super::Sizes;

    #[test]
    fn sizes_are_numbers_above_zero() {
        let sizes = Sizes::parse(&["--tokens", "5", "--users", "7"]).unwrap();
        assert_eq!((sizes.users, sizes.families, sizes.tokens), (7, 1_000_000, 5));
        for wrong in [&["--users"][..], &["--users", "0"], &["--people", "1"]] {
            assert!(Sizes::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
