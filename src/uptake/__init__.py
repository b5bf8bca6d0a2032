"""uptake takes an organisation to Microsoft 365 Apps and proves that it is used."""

__version__ = "0.1.0"
