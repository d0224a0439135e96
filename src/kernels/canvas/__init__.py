"""Compiled loops over canvases: token automata, forward and backward sets, joint sampling.

A canvas kernel works on plain arrays; only the exploration of a machine takes its header (see ``kernels/memory.py``).
"""
