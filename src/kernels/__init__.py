"""The constraint machine: hash-consed configurations, their transitions and their token masks, in numba.

No policy and no strings here: only arrays and ints. One file, one algorithm; read them in this order::

    opcodes.py       the nouns: opcodes and what the fields of a configuration mean under each
    memory.py        one int64 header holds every array of a machine; typed loads and stores through it
    intern.py        hash-consing of configurations and of integer lists
    alternatives.py  sets of configurations
    characters.py    bytes of a JSON string (UTF-8, escapes) to code points
    json_*.py        opcodes of JSON text
    earley*.py       opcodes of context-free grammars
    machine.py       step, transition, accepting
    trie.py          the vocabulary as a preorder byte trie
    quotient*.py     patterns: walks of the vocabulary by characters and by classes of characters
    masks.py         token masks: walks of the trie, string shortcuts, the mask pool
"""
