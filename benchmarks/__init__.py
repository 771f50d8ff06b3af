"""Benchmarks against peers; see `benchmarks.__main__`."""
