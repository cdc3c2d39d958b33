//! Here for the dependency that it has: it must not be said to be in the binary.

fn main() {
    autocfg::rerun_path("build.rs");
}
