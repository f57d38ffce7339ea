"""The finish (DESIGN §1): the local model fits a restored text to its user's style, and no fact of it can change."""
