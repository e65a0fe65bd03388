"""A library's database as it is after a year, or after ten: made in minutes, for measurements."""
