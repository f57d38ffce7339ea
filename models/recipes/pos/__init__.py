"""The recipe of models/pos, a spaCy pipeline for English: `python -m models.recipes.pos`, from the project root.

treebank.py   UD English EWT as spaCy documents, and the chat-style copies
config.cfg    the pipeline and its training, in spaCy's own form
measure.py    accuracy on the test file, with gold tokens and from raw text; size, load, words a second
"""
