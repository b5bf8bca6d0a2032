"""What delivers a package: files for Configuration Manager, Intune and policy, and the way back; text in, text out.

Nothing here was run on Windows: PowerShell passes a syntax gate in the tests, and the pages of each file say what is unverified.
"""
