"""The ways to an answer (DESIGN §1): one module each, behind the interface of mode.py; choosing.py picks one."""
