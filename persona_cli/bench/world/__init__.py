"""PersonaWorld: invented people, what happens to them and what they have written for them, all from a seed."""
