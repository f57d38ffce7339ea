"""Many requests: one JSON object a line in, one result line each, side by side, and resumable."""
