"""The terminal: one file per command group, rendering and prompts. Imports nothing heavy at the top."""
