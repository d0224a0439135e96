"""Benchmarks against the peers of the field: ``python -m bench masks`` and the other names in `__main__`.

Peers and ourselves are always measured in one process, interleaved, so that a busy machine or a warm cache
favours nobody; every figure is printed as a ratio too. Nothing in the package imports this folder.
"""
