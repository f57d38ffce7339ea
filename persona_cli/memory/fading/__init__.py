"""How memories fade: what they are worth, the forgetting curve, and the consolidation in which it happens."""
