"""Pages of the engagement, one file a subject."""
