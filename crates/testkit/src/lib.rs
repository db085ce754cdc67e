//! Cast, clock, chance and simulated network for tests.
