"""The recipe of models/nano.gguf: `python -m models.recipes.nano`, from the project root."""
