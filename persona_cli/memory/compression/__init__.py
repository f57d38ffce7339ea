"""What `compress` is made of.

layout.py    a text as words and the gaps between them, and back, with its breaks, brackets and full stops
lists.py     the English words that compression knows by heart
plain.py     the rule without a model: for other languages, code, and where nothing may be loaded
syntax.py    what spaCy's parse says about each word: how much it tells, what it hangs on
choosing.py  which chunks stay, how many words each may keep, and which
"""
