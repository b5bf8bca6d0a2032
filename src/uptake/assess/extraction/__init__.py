"""Document in, facts with locations out."""
