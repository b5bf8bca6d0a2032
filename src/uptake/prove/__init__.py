"""Wing 4: is it used."""
