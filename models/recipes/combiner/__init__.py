"""The recipe of models/combiner.json: `python -m models.recipes.combiner`, from the project root.

fitting.py   the network's weights from the two models' probabilities of gold texts
"""
