"""`persona templates`, and what `ask` takes from one."""
