"""What persona remembers: the store (Chroma), recall, compression and the profile."""
