//! Makes the build dependencies, whose features count too, part of the graph.

fn main() {}
