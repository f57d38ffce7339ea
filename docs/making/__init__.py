"""How the reference, the man page and the pictures are made."""
