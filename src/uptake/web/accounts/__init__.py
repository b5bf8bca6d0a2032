"""People, organisations, teams, invitations, tokens."""
