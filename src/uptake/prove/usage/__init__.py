"""Usage: reports and exports → what they say of active users and paid seats → snapshots → verdicts → forecast.

Every function is pure: bytes, values and dates go in, frozen values come out. What time it is, is an argument.
"""
