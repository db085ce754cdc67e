//! The `cloister` binary.

fn main() {}
