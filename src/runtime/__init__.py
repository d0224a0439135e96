"""What runs: vocabularies, machines, matchers, completions, explanations, and the decoding loops over models."""
