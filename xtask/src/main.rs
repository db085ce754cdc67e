//! Build, check, test and run the project.

fn main() {}
