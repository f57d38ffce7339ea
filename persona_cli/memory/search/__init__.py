"""How a request is understood and memories are found for it: words, meaning, dates, and how these are weighed."""
