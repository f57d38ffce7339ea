"""What a sentence states, read by rules: slots and their values, what overtakes what, standing wishes."""
