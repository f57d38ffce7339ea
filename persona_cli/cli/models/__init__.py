"""`persona models`: what is here, what could be, and getting it."""
