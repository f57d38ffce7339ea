"""Realistic surrogates: the second style of pseudonyms, in which "Emma Roberts" leaves as "Nora Whitlock"."""
