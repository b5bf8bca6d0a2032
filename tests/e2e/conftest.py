"""Fixtures of the tests in a real browser."""

from e2e_site import browser, shots, site, start

__all__ = ["browser", "shots", "site", "start"]
