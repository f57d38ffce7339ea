"""`persona memory`, one file for each kind of command."""
