"""Settings, addresses and the server: how the application is put together."""
