"""Masks where the logits are: Triton kernels, one a file, and ``torch_paths.py`` for devices that run none.

Importing this package loads neither triton nor torch; its modules do. ``runtime/device`` checks arguments and chooses.
"""
