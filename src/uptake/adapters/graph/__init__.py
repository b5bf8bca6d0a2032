"""Microsoft Graph: usage reports and licences of many tenants, fetched with as few rights as possible.

Five endpoints by hand with msal and httpx. Tokens and download addresses are secrets: they go to nobody but their own host, and
into no log, no file and no message.
"""
