"""Kept conversations: how they stand in the vault, are named, searched and exported. conversation.py keeps them."""
