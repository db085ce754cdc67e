//! Puts the built web client into the program, if there is one.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(cloister_web)");
    println!("cargo::rerun-if-changed=migrations");
    let dist = Path::new("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    if dist.join("index.html").exists() {
        println!("cargo::rustc-cfg=cloister_web");
        memory_serve::load_directory_with_embed(dist, true);
    }
}
