"""What is written for readers, and `python -m docs.make`, which writes the part that follows from the code."""
