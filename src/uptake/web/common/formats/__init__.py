"""How dates look, by language."""
