"""`persona bench NAME`: every figure the README quotes is printed by one of these."""
