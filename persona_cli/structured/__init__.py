"""Structured output: the JSON schema that an answer has to hold, and the answer that holds it."""
