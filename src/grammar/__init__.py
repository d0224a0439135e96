"""Front ends: schemas, grammars and regular expressions, from text to tables. No tokenizer, no model."""
