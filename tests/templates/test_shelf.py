"""A template's schema: inside it, or in a file beside it, and in no other file of the user's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona_cli.errors import SettingsError
from persona_cli.paths import Folders, folders
from persona_cli.templates.shelf import load, own_folder
from tests.installed import persona
from tests.servers import RecordingServer, stream_of

SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


@pytest.fixture
def home() -> Folders:
    made = folders()
    own_folder(made).mkdir(parents=True)
    return made


def template(home: Folders, schema: str) -> Path:
    file = own_folder(home) / "found.toml"
    file.write_text(f"prompt = 'Who is in it?'\nschema = {json.dumps(schema)}\n")
    return file


def test_it_stands_inside_or_in_a_file_beside_it(home: Folders) -> None:
    template(home, "age int")
    assert json.loads(load("found", home).schema)["properties"] == {"age": {"type": "integer"}}
    template(home, json.dumps(SCHEMA))
    assert json.loads(load("found", home).schema) == SCHEMA
    template(home, "person.json").with_name("person.json").write_text(json.dumps(SCHEMA))
    assert json.loads(load("found", home).schema) == SCHEMA


@pytest.mark.parametrize(
    "where", ["{home}/private.json", "../private.json", "~/private.json", "link.json", "gone.json"]
)
def test_no_other_file_is_read(home: Folders, tmp_path: Path, where: str) -> None:
    private = own_folder(home).parent / "private.json"
    private.write_text(json.dumps({**SCHEMA, "title": "secret"}))
    (own_folder(home) / "link.json").symlink_to(private)
    template(home, where.format(home=private.parent))
    with pytest.raises(SettingsError, match="reads no file but one beside it"):
        load("found", home)


def test_a_name_without_an_ending_is_a_field_also_where_there_is_such_a_file(
    home: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret").write_text(json.dumps(SCHEMA))
    template(home, "secret")
    assert list(json.loads(load("found", home).schema)["properties"]) == ["secret"]


def test_the_command_reads_the_users_own_choice_alone(home: Folders, tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(SCHEMA))
    template(home, str(own))
    with RecordingServer(stream_of('{"age": 3}')) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        refused = persona("ask", "-n", "-t", "found", stdin="Anna, 3", env=cloud)
        assert refused.returncode == 1 and "--schema" in refused.stderr and server.requests == []
        (own_folder(home) / "found.toml").write_text("prompt = 'Who is in it?'\n")
        done = persona("ask", "-n", "-t", "found", "--schema", str(own), stdin="Anna, 3", env=cloud)
        assert (done.returncode, done.stdout) == (0, '{"age": 3}\n')
