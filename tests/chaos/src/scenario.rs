//! Rows of the fault matrix, and how one is played.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::act::{Act, Figures};
use crate::cli::Profile;
use crate::field::Field;
use crate::report::Played;
use crate::retire;
use crate::verdict::{Must as _, Verdict};
use crate::world::{Stage, World};

/// No scenario takes that long unless something hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// A scenario's own part: brings the fault about, sees that it is there, and takes it away.
pub(crate) type Play = for<'a> fn(&'a mut Act) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A row of the matrix.
pub(crate) struct Row {
    /// Ids of its faults.
    pub(crate) ids: &'static [&'static str],
    /// What happens, in words.
    pub(crate) name: &'static str,
    /// When it runs.
    pub(crate) profile: Profile,
    /// What it stands on.
    pub(crate) stage: Stage,
    /// What it does; `Err`: it can't be tried here, and why.
    pub(crate) play: Result<Play, &'static str>,
}

/// Clusters that are in use, and what new ones are made of.
pub(crate) struct House {
    field: Arc<Field>,
    environment: Vec<(String, String)>,
    worlds: BTreeMap<Stage, World>,
}

impl House {
    pub(crate) fn new(field: Field, environment: Vec<(String, String)>) -> Self {
        Self { field: Arc::new(field), environment, worlds: BTreeMap::new() }
    }

    async fn world(&mut self, stage: Stage) -> Result<World> {
        match self.worlds.remove(&stage) {
            Some(world) => Ok(world),
            None => World::make(&self.field, stage, &self.environment).await,
        }
    }

    /// Plays a row.
    pub(crate) async fn play(&mut self, row: &'static Row) -> Played {
        let start = Instant::now();
        let (figures, verdict) = match &row.play {
            Ok(play) => self.act(row, *play).await,
            Err(why) => (Figures::default(), Verdict::NotPossible(why)),
        };
        Played { row, figures, verdict, took: start.elapsed() }
    }

    async fn act(&mut self, row: &'static Row, play: Play) -> (Figures, Verdict) {
        let world = match self.world(row.stage).await {
            Ok(world) => world,
            Err(error) => return (Figures::default(), Verdict::Broken(format!("{error:#}"))),
        };
        let mut act = match Act::begin(Arc::clone(&self.field), world).await {
            Ok(act) => act,
            Err(error) => return (Figures::default(), Verdict::Broken(format!("{error:#}"))),
        };
        let played = tokio::time::timeout(LIMIT, async {
            play(&mut act).await?;
            act.settle().await
        });
        let ended = played.await.unwrap_or_else(|_| Err(anyhow::anyhow!("not over after {LIMIT:?}")));
        let mut verdict = match ended {
            Err(error) => Verdict::of(&error),
            Ok(()) if act.figures.activated == 0 => Verdict::NotExercised("the fault was never there".to_owned()),
            Ok(()) => Verdict::Pass,
        };
        if !act.found.is_empty() {
            let mut found = std::mem::take(&mut act.found);
            if let Verdict::Fail(more) = verdict {
                found.extend(more);
            }
            verdict = Verdict::Fail(found);
        }
        if let Err(error) = self.field.heal() {
            verdict = Verdict::Broken(format!("healing: {error:#}"));
        }
        let figures = act.figures.clone();
        let (world, whole) = (act.into_world().await, verdict == Verdict::Pass);
        if whole && row.stage == Stage::Alone {
            verdict = match retire::scan(world).await.must("I12", "at the end of the cluster") {
                Ok(()) => verdict,
                Err(error) => Verdict::of(&error),
            };
        } else if whole {
            self.worlds.insert(row.stage, world);
        }
        (figures, verdict)
    }

    /// The last look at the clusters that are left: whoever shared one failed with it.
    pub(crate) async fn close(mut self) -> Result<()> {
        for (_, world) in std::mem::take(&mut self.worlds) {
            retire::scan(world).await?;
        }
        Ok(())
    }
}
