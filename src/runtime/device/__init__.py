"""Decoding where the logits are: masks applied and sampled from on the model's device, and automata that live there.

::

    operations.py   apply_mask_, masked_log_softmax, masked_sample, canvas_argmax: Triton or torch, by the device
    automaton.py    a finite constraint as tables of arrays
    resident.py     these tables on a device, with a state for every row of a batch
    copies.py       host masks to the device through two pinned buffers
"""
