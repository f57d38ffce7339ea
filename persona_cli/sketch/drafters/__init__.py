"""Who makes the sketch of a request: the request's own words (extractive), or a local model's plan (local).

drafter.py        the interface, and the extractive drafter behind it
local.py          a plan by a GGUF model, under a JSON schema, of pseudonymised text only
plan.py           the plan itself, read from the model's JSON
checking.py       what is wrong with a plan: rules, no model
covering.py       whether a plan says what the request says
reflecting.py     plan, check, feedback, and again
choosing.py       which of the two is to draft with a model
"""
