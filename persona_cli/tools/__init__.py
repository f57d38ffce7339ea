"""Tools that a cloud may ask for: where they come from, how they run, and what of their results leaves."""
