//! Compiles the peer protocol without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto/peer.proto");
    let files = protox::compile(["proto/peer.proto"], ["proto"])?;
    tonic_prost_build::configure().bytes(".woad.peer.v1.LogRecord.transaction").compile_fds(files)?;
    Ok(())
}
