"""Wing 3: what is installed, where, when."""
