"""What the README's numbers come from. Benchmarks measure; they never gate tests."""
