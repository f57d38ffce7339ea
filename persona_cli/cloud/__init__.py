"""The one way out: the only package that opens a network connection at run time."""
