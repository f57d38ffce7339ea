"""`persona chat`: the sitting, its prompt, and the commands that begin with a slash."""
