"""Paired benchmarks of `usage import`: see docs/benchmarks.md; pytest does not collect them."""
