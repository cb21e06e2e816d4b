//! Compiles, without protoc, the protocol in which etcd and the store in its place are asked.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=store/proto/rpc.proto");
    let files = protox::compile(["store/proto/rpc.proto"], ["store/proto"])?;
    tonic_prost_build::configure().build_server(false).compile_fds(files)?;
    Ok(())
}
