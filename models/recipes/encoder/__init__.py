"""The recipe of models/encoder.onnx: `python -m models.recipes.encoder`, from the project root.

source.py    the weights and the tokenizer that everything is made from, checked by their digest
graph.py     the weights as an ONNX graph, most of them in 8 bits
measure.py   how near the result is to sentence-transformers, and how fast
dynamic.py   the other ways of 8 bits, to compare with
"""
