"""Checks that are more than a clause, one small function each: (view, situation) → what it found or cannot decide."""
