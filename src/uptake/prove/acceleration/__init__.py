"""Acceleration: a stall → why → one of four branches → actions in their order → effect against the forecast → exit (S42 to S59).

The tree is data in `catalogue/playbook/acceleration.yaml`; here is how a case walks through it. All values are frozen.
"""
