"""Words that all wings share; standard library only."""
