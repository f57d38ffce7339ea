"""The recipe of models/tagger.onnx: `python -m models.recipes.tagger`, from the project root.

corpora.py     the labelled texts that PERSONA_DATA holds, in the tagger's labels
values.py      made-up names, firms, places, numbers, in many spellings
templates.py   texts with slots for values, in many registers (templates.txt), and texts without any (hard.txt)
examples.py    what is trained on: both of them, with changed case and swapped names
train.py       the network and its training, with checkpoints
export.py      the trained weights as the encoder's ONNX graph with a second input and a label for each piece
measure.py     how much it finds, how much it leaves, how fast
"""
