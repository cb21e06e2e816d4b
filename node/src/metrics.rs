//! Everything that is measured, in one registry and one list.

use std::collections::BTreeMap;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Encoder as _, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use parking_lot::RwLock;
use woad_admission::DoorMetrics;
use woad_http::LoadMetrics;

use crate::VERSION;
use crate::jobs::JobMetrics;
use crate::refusals::RefusalMetrics;
use crate::resources::MemoryMetrics;

/// The source revision this binary was built from, if the build named one.
const REVISION: &str = match option_env!("BUILD_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// What is known of a metric without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// `counter`, `gauge`, `histogram`.
    pub kind: &'static str,
    /// What it means.
    pub help: String,
    /// Labels whose values vary.
    pub labels: Vec<String>,
}

/// What the https listeners' certificate tells.
#[derive(Clone, Debug)]
pub struct TlsMetrics {
    /// When the served certificate ends, in seconds since the Unix epoch.
    pub certificate_not_after: IntGauge,
    /// Reloads by outcome: `ok`, `failed`.
    pub reloads: IntCounterVec,
}

/// The registry of this process and the list of what is in it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    families: RwLock<BTreeMap<String, Family>>,
    ready: IntGauge,
    /// Of the https listeners.
    pub tls: TlsMetrics,
    /// Of the leader's jobs.
    pub jobs: JobMetrics,
    /// Of refused operations.
    pub refusals: RefusalMetrics,
    /// Of the https listeners' connections.
    pub https: DoorMetrics,
    /// Of the operations listeners' connections.
    pub operations: DoorMetrics,
    /// Of requests under way.
    pub load: LoadMetrics,
    /// Of memory.
    pub memory: MemoryMetrics,
}

impl Metrics {
    /// A registry that holds what the node itself measures.
    ///
    /// # Errors
    /// Never with names that are constants; the type is the registry's.
    pub fn new() -> prometheus::Result<Self> {
        let info = Opts::new("woad_build_info", "Version and source revision of this binary; always 1.");
        let info = IntGaugeVec::new(info, &["version", "revision"])?;
        info.with_label_values(&[VERSION, REVISION]).set(1);
        let ready = IntGauge::new("woad_ready", "1 while /readyz says that this node should get requests.")?;
        let not_after = IntGauge::new(
            "woad_tls_certificate_not_after_timestamp_seconds",
            "When the certificate of the https listeners ends, since the Unix epoch.",
        )?;
        let reloads = IntCounterVec::new(
            Opts::new("woad_tls_certificate_reloads_total", "Reloads of the https listeners' certificate by outcome."),
            &["outcome"],
        )?;
        for outcome in ["ok", "failed"] {
            reloads.with_label_values(&[outcome]);
        }
        let tls = TlsMetrics { certificate_not_after: not_after, reloads };
        let jobs = JobMetrics::new()?;
        let refusals = RefusalMetrics::new()?;
        let (https, operations) = (DoorMetrics::new("https")?, DoorMetrics::new("operations")?);
        let (load, memory) = (LoadMetrics::new()?, MemoryMetrics::new()?);
        let (registry, families) = (Registry::new(), RwLock::default());
        let metrics = Self { registry, families, ready, tls, jobs, refusals, https, operations, load, memory };
        metrics.add(Box::new(info))?;
        metrics.add(Box::new(metrics.ready.clone()))?;
        metrics.add(Box::new(metrics.tls.certificate_not_after.clone()))?;
        metrics.add(Box::new(metrics.tls.reloads.clone()))?;
        let doors = [&metrics.https, &metrics.operations].into_iter().flat_map(DoorMetrics::collectors);
        let limits = metrics.load.collectors().into_iter().chain(metrics.memory.collectors());
        let work = metrics.jobs.collectors().into_iter().chain(metrics.refusals.collectors());
        for collector in work.chain(doors).chain(limits) {
            metrics.add(collector)?;
        }
        metrics.add(Box::new(ProcessCollector::for_self()))?;
        Ok(metrics)
    }

    /// Adds what a part measures, its empty families too.
    ///
    /// # Errors
    /// When a name is taken or malformed.
    pub fn add(&self, collector: Box<dyn Collector>) -> prometheus::Result<()> {
        let mut found = BTreeMap::new();
        let kinds: BTreeMap<String, &'static str> = collector
            .collect()
            .iter()
            .map(|family| (family.name().to_owned(), kind(family.get_field_type())))
            .collect();
        for desc in collector.desc() {
            let kind = kinds.get(&desc.fq_name).copied().unwrap_or("gauge");
            let fixed = desc.const_label_pairs.iter().map(|pair| pair.name().to_owned());
            let labels = fixed.chain(desc.variable_labels.iter().cloned()).collect();
            let family = Family { kind, help: desc.help.clone(), labels };
            found.insert(desc.fq_name.clone(), family);
        }
        self.registry.register(collector)?;
        self.families.write().append(&mut found);
        Ok(())
    }

    /// Every metric by name, also those that have no value yet.
    #[must_use]
    pub fn families(&self) -> BTreeMap<String, Family> {
        self.families.read().clone()
    }

    /// Where other parts register what they measure.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The Prometheus text format, version 0.0.4.
    ///
    /// # Errors
    /// When a collector answers something malformed.
    pub fn scrape(&self, ready: bool) -> prometheus::Result<Vec<u8>> {
        self.ready.set(i64::from(ready));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

const fn kind(kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "untyped",
    }
}

/// Everything in a registry that has a value.
#[must_use]
pub fn families_of(registry: &Registry) -> BTreeMap<String, Family> {
    let gathered = registry.gather();
    let labels = |family: &MetricFamily| {
        let first = family.get_metric().first();
        first.map_or_else(Vec::new, |metric| metric.get_label().iter().map(|pair| pair.name().to_owned()).collect())
    };
    let described = gathered.iter().map(|family| {
        let known =
            Family { kind: kind(family.get_field_type()), help: family.help().to_owned(), labels: labels(family) };
        (family.name().to_owned(), known)
    });
    described.collect()
}
