"""Dates as an engineer reads them: the month in letters, so that no order of numbers can be mistaken."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
