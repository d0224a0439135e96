"""Adapters to the libraries that models come from, which load on first use: nothing is imported here.

``transformers``: causal LMs behind the ``Model`` protocol. ``processor``: the way round for users who call
``model.generate`` themselves. ``demo``: small models by name.
"""
