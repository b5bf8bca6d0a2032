"""Wing 1: what breaks. Documents in, findings out."""
