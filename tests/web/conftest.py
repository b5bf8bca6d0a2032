"""Fixtures of the tests of the web application."""

from web_world import post, today, world

__all__ = ["post", "today", "world"]
