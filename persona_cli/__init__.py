"""persona: a private command-line assistant. What it knows about its user stays on the user's machine."""

__version__ = "0.1.0"
