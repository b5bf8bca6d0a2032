"""Wing 2: what to do, in which order, and what is done."""
