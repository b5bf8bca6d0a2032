"""Fixtures of the tests in a real browser."""

from e2e_site import shots, site, start

__all__ = ["shots", "site", "start"]
