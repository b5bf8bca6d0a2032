"""Packages, pilot and waves: the wing `deploy` inside the application."""
