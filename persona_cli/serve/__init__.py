"""`persona serve`: one process that keeps models, memory and vault open, and answers the other commands' requests."""
