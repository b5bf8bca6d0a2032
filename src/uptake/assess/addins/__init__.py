"""Add-ins on endpoints: registry and files of a device → add-ins with bitness, state and policy → findings of the A rules.

Everything is derived here from plain keys and values, whether they came from the collector, an exported .reg file or a hive.
"""
