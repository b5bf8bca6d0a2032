"""Usage, verdicts, forecast, acceleration: the wing `prove` inside the application."""
