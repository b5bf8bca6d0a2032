"""Add-ins on endpoints inside an engagement: collections, devices, readiness of each add-in, statements of vendors."""
