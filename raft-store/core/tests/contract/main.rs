//! The store's contract as tests: serialisability, dedup, expiry, equality of replicas, bytes on disk.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod consistency;
#[cfg(test)]
mod dedup;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod model;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod replica;
#[cfg(test)]
mod script;
#[cfg(test)]
mod serialisable;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod writing;
