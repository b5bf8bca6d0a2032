"""What runs work on many processors."""
