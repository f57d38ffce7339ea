"""The [mcp.NAME] tables: what they may say, and where a server may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_cli.errors import SettingsError
from persona_cli.settings import load, save_value
from persona_cli.tools.configured import McpServer, servers
from persona_cli.tools.tool import clean_schema, plain

GOOD = """
[mcp.notes]
command = "notes"
args = ["--stdio"]
env = { DIR = "/x" }

[mcp.web]
url = "https://mcp.example.net/mcp"
headers = { Authorization = "Bearer planted-key" }
trusted = true

[mcp.here]
url = "http://[::1]:8000/mcp"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text, "utf-8")
    return file


def test_servers_as_they_are_written(tmp_path: Path) -> None:
    notes, web, here = servers(written(tmp_path, GOOD))
    assert notes == McpServer("notes", "notes", ("--stdio",), {"DIR": "/x"})
    assert notes.where == "MCP server 'notes', a program on this machine" and notes.host == ""
    assert web.trusted and web.host == "mcp.example.net" and "planted-key" not in repr(web)
    assert here.host == "" and here.where == "MCP server 'here' at [::1]:8000"
    assert servers(tmp_path / "nosuch.toml") == ()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('url = "http://mcp.example.net/"', "must begin with https://"),
        ('url = "http://127.0.0.1.evil.example/"', "must begin with https://"),
        ('url = "http://user@localhost/"', "must begin with https://"),
        ('url = "file:///etc/passwd"', "must begin with https://"),
        ('command = "x"\nurl = "https://x.example"', "either a command or a url"),
        ("trusted = true", "either a command or a url"),
        ('command = "x"\nshell = true', "'shell' is no setting of a server"),
        ('command = ["x"]', "'command' must be text"),
        ('command = "x"\nargs = [1]', "'args' must be a list of texts"),
        ('command = "x"\nenv = { A = 1 }', "'env' must be a table of texts"),
        ('command = "x"\ntrusted = "yes"', "'trusted' must be true or false"),
    ],
)
def test_a_wrong_table_is_a_sentence(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        servers(written(tmp_path, f"[mcp.a]\n{table}\n"))


def test_a_wrong_name_is_too(tmp_path: Path) -> None:
    for text in ('[mcp.a__b]\ncommand = "x"\n', '[mcp."a b"]\ncommand = "x"\n', "mcp.a = 3\n"):
        with pytest.raises(SettingsError):
            servers(written(tmp_path, text))


def test_the_tables_do_not_disturb_the_settings(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    assert load(file, {}).tools.timeout == 60
    assert save_value(file, "tools.python", "a.py, b.py").tools.python == ("a.py", "b.py")
    assert len(servers(file)) == 3


def test_what_a_stranger_describes_is_cut_and_seen() -> None:
    assert plain("a\u200bb\x1b[31m\u202ec" + "x" * 100, 12) == "a b [31m cx…"
    assert plain(3, 10) == ""
    deep: dict[str, object] = {}
    for _ in range(40):
        deep = {"properties": {"a": deep}}
    assert clean_schema(deep) is None and clean_schema({"enum": ["x" * 50] * 400}) is None
    told = clean_schema({"type": "object", "title": "T", "properties": {"title": {"description": "d" * 900}}})
    assert told == {"type": "object", "properties": {"title": {"description": "d" * 299 + "…"}}}
    assert clean_schema(None) == {"type": "object", "properties": {}}
