"""`persona shell`: completion, a hot key and the suggestion behind it."""
