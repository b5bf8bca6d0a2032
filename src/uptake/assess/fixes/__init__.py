"""Finding and source in, proposed source out; never in place."""
