"""`python -m persona_cli` is `persona`."""

from persona_cli.cli.app import main

main()
