"""Scans inside an engagement: upload, causes, owners, sign-off."""
