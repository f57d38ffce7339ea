"""The parts of a chat."""
