"""`persona config`: what it shows is what it takes."""

from __future__ import annotations

import pytest

from tests.installed import persona


@pytest.mark.parametrize(
    ("name", "shown"),
    [("serve.auto", "true"), ("serve.auto", "false"), ("privacy.allow", "London,Graz"), ("memory.recall", "7")],
)
def test_a_value_that_is_shown_can_be_set(name: str, shown: str) -> None:
    persona("config", "set", name, shown)
    assert persona("config", "get", name).stdout == f"{shown}\n"
    assert f"{name} = {shown}\n" in persona("config", "get").stdout
