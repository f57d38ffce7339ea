"""What a Python tool gets of the environment."""

from __future__ import annotations

import pytest

from persona_cli.tools.python_files import without_keys


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "PERSONA_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "GITHUB_PAT", "DB_PASS", "PGPASSWORD_FILE_TOKEN",
     "Api_Key", "VAULT_TOKEN_FILE", "SMTP_PWD", "PERSONA_HOME", "GOOGLE_APPLICATION_CREDENTIALS"],
)  # fmt: skip
def test_what_is_called_a_key_is_kept_from_tools(name: str) -> None:
    assert without_keys({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "name", ["HOME", "PATH", "PWD", "LANG", "KEYBOARD", "COMPASS", "PATTERN", "TOKENIZERS_PARALLELISM"]
)
def test_everything_else_reaches_them(name: str) -> None:
    assert without_keys({name: "x"}) == {name: "x"}
