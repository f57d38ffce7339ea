"""API keys: the right one for the host, from the right place, and never on show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import persona_cli
from persona_cli.cloud.providers import KNOWN
from persona_cli.errors import NothingFound, SettingsError, StoreDamaged, StoreError, UsageError
from persona_cli.paths import Folders
from persona_cli.paths import folders as folders_of
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.secrets import (
    ANY_HOST,
    StoredKey,
    find_key,
    host_of,
    is_loopback,
    list_keys,
    remove_key,
    set_key,
    where_key,
)
from persona_cli.settings import CloudSettings, load, with_model
from tests.keyrings import MemoryKeyring

PROJECT = Path(persona_cli.__file__).parent.parent
BARE = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
OTHER = CloudSettings(model="m", base_url="https://llm.example.org/v1")
OPENAI = CloudSettings(model="m")


# Which host each variable is for; "" is that of the settings, and Azure's is the user's own host there.
KEYS = {
    "PERSONA_API_KEY": "",
    **{
        known.variable: host_of(known.base_url) if known.base_url else "azure"
        for known in KNOWN.values()
        if known.variable
    },
}


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("Failed to unlock the collection!")


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    before = os.umask(0o022)
    yield folders_of({"PERSONA_HOME": str(tmp_path)})
    os.umask(before)


def command(code: str) -> str:
    return f'{sys.executable} -c "{code}"'


def test_without_a_key_anywhere_there_is_none_and_nothing_is_made(folders: Folders) -> None:
    for cloud in (OPENAI, OTHER, CloudSettings(base_url="http://127.0.0.1:8080/v1")):
        assert find_key(cloud, BARE, folders=folders) is None
    assert not folders.data.exists()


def test_the_order_is_environment_keyring_command_file(folders: Folders) -> None:
    keyring = MemoryKeyring()
    with_command = CloudSettings(base_url=OTHER.base_url, key_command=command("print('sk-command')"))
    set_key("llm.example.org", "sk-file", BARE, folders=folders)
    assert find_key(OTHER, BARE, folders=folders) == "sk-file"
    assert find_key(with_command, BARE, folders=folders) == "sk-command"
    set_key("llm.example.org", "sk-keyring", {}, folders=folders, keyring=keyring)
    assert find_key(with_command, {}, folders=folders, keyring=keyring) == "sk-keyring"
    env = {"PERSONA_API_KEY": " sk-environment\n"}
    assert find_key(with_command, env, folders=folders, keyring=keyring) == "sk-environment"


def test_the_key_of_one_host_never_goes_to_another(folders: Folders) -> None:
    keyring = MemoryKeyring()
    set_key("api.openai.com", "sk-keyring", {}, folders=folders, keyring=keyring)
    set_key("api.openai.com", "sk-file", BARE, folders=folders)
    env = {"OPENAI_API_KEY": "sk-openai"}
    for base_url in (
        "https://llm.example.org/v1", "https://api.openai.com.example.org/v1", "https://api.openai.com@example.org/v1",
        "https://api.openai.com:8443/v1", "http://api.openai.com/v1", "http://127.0.0.1:8080/v1",
        "https://example.org/api.openai.com",
    ):  # fmt: skip
        cloud = CloudSettings(base_url=base_url)
        assert find_key(cloud, {**BARE, **env}, folders=folders) is None
        assert find_key(cloud, env, folders=folders, keyring=keyring) is None
    for base_url in ("https://api.openai.com/v1", "https://API.OpenAI.com/v1/", "https://api.openai.com:443/v1"):
        assert find_key(CloudSettings(base_url=base_url), {**BARE, **env}, folders=folders) == "sk-openai"


HOSTS = ("https://own.example/v1", "https://own.example:8443/v1", "http://own.example/v1", "https://work.example/v1",
         "https://api.openai.com/v1", "https://api.openai.com.own.example/v1", "http://api.groq.com/openai/v1",
         "https://api.groq.com:444/openai/v1", "https://n.openai.azure.com/openai/v1", "https://openai.azure.com.evil.example",
         "https://n.openai.azure.com:8443", "http://localhost:11434/v1")  # fmt: skip


@given(
    own=st.sampled_from(HOSTS),
    home=st.sampled_from(["", "openai", "groq", "azure", "work", "ollama"]),
    tables=st.dictionaries(st.sampled_from(["openai", "groq", "azure", "work"]), st.sampled_from(HOSTS)),
    commands=st.sets(st.sampled_from(["own", "openai", "groq", "azure", "work"])),
    variables=st.sets(st.sampled_from(sorted(KEYS))),
    kept=st.sets(st.sampled_from(HOSTS)),
    asked=st.sampled_from(["", "cloud", *KNOWN, "work"]),
    above=st.sampled_from(["", *HOSTS]),
)
@example(own=HOSTS[0], home="", tables={}, commands={"own"}, variables=set(KEYS), kept=set(), asked="groq", above="")
@example(
    own=HOSTS[0], home="groq", tables={"groq": HOSTS[0]}, commands=set(), variables=set(KEYS), kept=set(HOSTS),
    asked="azure", above=HOSTS[3],
)  # fmt: skip
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_key_goes_to_a_host_that_it_does_not_belong_to(
    tmp_path_factory: pytest.TempPathFactory,
    own: str, home: str, tables: dict[str, str], commands: set[str], variables: set[str], kept: set[str], asked: str,
    above: str,
) -> None:  # fmt: skip
    """Every key is spelt after its owner, so the one that is found says where it may go."""
    tables = {"work": "https://work.example/v1", "azure": "https://n.openai.azure.com", **tables}
    home_folder = folders_of({"PERSONA_HOME": str(tmp_path_factory.mktemp("home"))})
    written = f'[cloud]\nbase_url = "{own}"\nprovider = "{home}"\nmodel = "m"\n'
    if "own" in commands:
        written += f'key_command = "echo of:{host_of(own)}"\n'
    for name, base_url in tables.items():
        written += f'[providers.{name}]\nbase_url = "{base_url}"\n'
        written += f'key_command = "echo of:{host_of(base_url)}"\n' if name in commands else ""
    file = tmp_path_factory.mktemp("config") / "config.toml"
    file.write_text(written)
    seal = Seal(bytes(KEY_BYTES))
    for base_url in kept:
        set_key(base_url, f"of:{host_of(base_url)}", BARE, folders=home_folder, seal=seal)
    env = {**BARE, "PATH": os.environ["PATH"], **({"PERSONA_CLOUD_BASE_URL": above} if above else {})}
    default = load(file, env)
    env |= {name: f"of:{KEYS[name] or host_of(default.cloud.base_url)}" for name in variables}
    cloud = with_model(default, f"{asked}:m" if asked else "m").cloud
    host = host_of(cloud.base_url)
    if (key := find_key(cloud, env, folders=home_folder, seal=seal)) is not None:
        owner = key.removeprefix("of:")
        assert owner == host or (owner == "azure" and cloud.provider == "azure" and host.endswith(".openai.azure.com"))
        assert where_key(cloud, env, folders=home_folder)
    else:
        assert not where_key(cloud, env, folders=home_folder)


def test_empty_variables_are_no_keys(folders: Folders) -> None:
    env = {**BARE, "PERSONA_API_KEY": " ", "OPENAI_API_KEY": "sk-openai"}
    assert find_key(OPENAI, env, folders=folders) == "sk-openai"
    assert [key.where for key in list_keys(env, folders=folders)] == ["the environment variable OPENAI_API_KEY"]


def test_the_file_is_private_and_shows_no_key(folders: Folders) -> None:
    where = set_key("https://LLM.example.org:443/v1", "sk-very-secret", BARE, folders=folders)
    path = folders.data / "keys.json"
    assert str(path) in where
    assert path.stat().st_mode & 0o777 == 0o600
    for file in folders.data.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"very-secret" not in file.read_bytes()
    env = {**BARE, "PERSONA_API_KEY": "sk-very-secret"}
    keys = list_keys(env, folders=folders)
    assert keys == (
        StoredKey(ANY_HOST, "the environment variable PERSONA_API_KEY"),
        StoredKey("llm.example.org", f"{path}, encrypted"),
    )
    assert "very-secret" not in repr(keys)


def test_keys_in_the_keyring_are_listed_and_removed(folders: Folders) -> None:
    keyring = MemoryKeyring()
    assert "keyring" in set_key("llm.example.org", "sk-1", {}, folders=folders, keyring=keyring)
    assert keyring.held == {("persona", "llm.example.org"): "sk-1"}
    assert list_keys({}, folders=folders) == (StoredKey("llm.example.org", "the operating system's keyring"),)
    with pytest.raises(StoreError, match="no keyring can be reached"):
        remove_key("llm.example.org", BARE, folders=folders)
    remove_key("https://llm.example.org/v1", {}, folders=folders, keyring=keyring)
    assert keyring.held == {}
    assert list_keys({}, folders=folders) == ()
    with pytest.raises(NothingFound, match="persona keys list"):
        remove_key("llm.example.org", {}, folders=folders, keyring=keyring)


def test_removing_takes_the_key_out_of_the_file(folders: Folders) -> None:
    set_key("one.example.org", "sk-1", BARE, folders=folders)
    set_key("two.example.org", "sk-2", BARE, folders=folders)
    remove_key("one.example.org", BARE, folders=folders)
    assert find_key(CloudSettings(base_url="https://one.example.org"), BARE, folders=folders) is None
    assert find_key(CloudSettings(base_url="https://two.example.org"), BARE, folders=folders) == "sk-2"


def test_a_locked_keyring_is_passed_over(folders: Folders) -> None:
    assert "encrypted" in set_key("llm.example.org", "sk-1", {}, folders=folders, keyring=LockedKeyring())
    assert find_key(OTHER, {}, folders=folders, keyring=LockedKeyring()) == "sk-1"
    with pytest.raises(StoreError, match="Unlock it"):
        remove_key("llm.example.org", {}, folders=folders, keyring=LockedKeyring())


def test_a_file_of_another_key_or_with_swapped_hosts_is_a_sentence(folders: Folders) -> None:
    path = folders.data / "keys.json"
    set_key("llm.example.org", "sk-1", BARE, folders=folders)
    with pytest.raises(StoreDamaged, match=r"persona keys set llm\.example\.org"):
        find_key(OTHER, BARE, folders=folders, seal=Seal(bytes(KEY_BYTES)))
    path.write_text(path.read_text().replace("llm.example.org", "evil.example.org"))
    with pytest.raises(StoreDamaged):
        find_key(CloudSettings(base_url="https://evil.example.org"), BARE, folders=folders)
    for ruin in ("{", "[]", '{"llm.example.org": 1}', '{"llm.example.org": "!"}'):
        path.write_text(ruin)
        with pytest.raises(StoreDamaged):
            find_key(OTHER, BARE, folders=folders)


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "clé", "nul\0"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(folders: Folders, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        set_key("llm.example.org", key, BARE, folders=folders)
    assert not key.strip() or key not in str(caught.value)
    assert list_keys(BARE, folders=folders) == ()
    if key.strip():
        with pytest.raises(SettingsError, match="PERSONA_API_KEY"):
            find_key(OTHER, {**BARE, "PERSONA_API_KEY": key}, folders=folders)


def run_command(folders: Folders, text: str) -> str | None:
    return find_key(CloudSettings(base_url=OTHER.base_url, key_command=text), BARE, folders=folders)


def test_a_key_command_gives_its_first_line_and_gets_no_shell(folders: Folders) -> None:
    assert run_command(folders, command("print('  sk-1  ');print('user: maya')")) == "sk-1"
    assert run_command(folders, command("import sys;print(*sys.argv[1:], sep='')") + " $HOME;") == "$HOME;"


def test_a_key_command_does_not_eat_the_document_in_the_pipe(tmp_path: Path) -> None:
    key_command = command("import sys;print('[' + sys.stdin.read() + ']')")
    code = (
        "import sys\nfrom persona_cli.paths import folders\nfrom persona_cli.secrets import find_key\n"
        "from persona_cli.settings import CloudSettings\n"
        "print(find_key(CloudSettings(key_command=sys.argv[1]), folders=folders()), sys.stdin.read())"
    )
    env = {"PYTHONPATH": str(PROJECT), "PERSONA_HOME": str(tmp_path), **BARE}
    run = [sys.executable, "-c", code, key_command]
    done = subprocess.run(run, input="my notes", env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[] my notes\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (command("import sys;sys.exit('the store is locked')"), "the store is locked"),
        (command("import sys;sys.exit(3)"), "ended with 3: it said nothing"),
        (command("pass"), "is empty"),
        ("/no/such/program", "cannot be run"),
        ("'unbalanced", "cannot be understood"),
    ],
)
def test_a_key_command_that_fails_says_why(folders: Folders, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        run_command(folders, text)


def test_a_key_command_that_does_not_end_is_ended(folders: Folders) -> None:
    def late(args: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(args, 60)

    cloud = CloudSettings(base_url=OTHER.base_url, key_command="pass show llm")
    with pytest.raises(SettingsError, match="did not end within 60 seconds"):
        find_key(cloud, BARE, folders=folders, run=late)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://API.example.org/v1", "api.example.org"), ("api.example.org", "api.example.org"),
        ("http://localhost:8080/v1", "localhost:8080"), ("https://example.org:443", "example.org"),
        ("http://example.org", "example.org:80"), ("http://example.org:443", "http://example.org:443"),
        ("https://example.org:8443/v1", "https://example.org:8443"), ("http://example.org:8443", "example.org:8443"),
        ("example.org:8443", "example.org:8443"), ("https://example.org:80", "https://example.org:80"),
        ("https://user:pw@example.org/", "example.org"),
        ("http://[::1]:8080/v1", "[::1]:8080"), ("https://example.org./", "example.org"),
    ],
)  # fmt: skip
def test_a_host_has_one_spelling(base_url: str, host: str) -> None:
    assert host_of(base_url) == host == host_of(host)


@pytest.mark.parametrize("keyring", [None, MemoryKeyring()])
def test_a_key_that_was_kept_before_names_told_the_scheme_is_brought_over(
    folders: Folders, keyring: MemoryKeyring | None
) -> None:
    tls, plain = (
        CloudSettings(model="m", base_url=f"{scheme}://llm.example.org:8443/v1") for scheme in ("https", "http")
    )
    env = BARE if keyring is None else {}
    set_key("llm.example.org:8443", "sk-old", env, folders=folders, keyring=keyring)  # as it was kept
    assert where_key(tls, env, folders=folders)
    assert find_key(tls, env, folders=folders, keyring=keyring) == "sk-old"
    assert [key.host for key in list_keys(env, folders=folders)] == ["https://llm.example.org:8443"]
    assert find_key(plain, env, folders=folders, keyring=keyring) is None, "and does not go out unencrypted"
    assert find_key(tls, env, folders=folders, keyring=keyring) == "sk-old"
    remove_key(tls.base_url, env, folders=folders, keyring=keyring)
    assert find_key(tls, env, folders=folders, keyring=keyring) is None


def test_https_and_http_on_one_port_are_two_places(folders: Folders) -> None:
    tls, plain = (
        CloudSettings(model="m", base_url=f"{scheme}://llm.example.org:8443/v1") for scheme in ("https", "http")
    )
    set_key(plain.base_url, "sk-plain", BARE, folders=folders)
    set_key(tls.base_url, "sk-tls", BARE, folders=folders)
    assert find_key(tls, BARE, folders=folders) == "sk-tls" and find_key(plain, BARE, folders=folders) == "sk-plain"


@pytest.mark.parametrize("base_url", ["", "https://", "https://example.org:port", "http://[::1"])
def test_what_names_no_host_is_refused(base_url: str) -> None:
    with pytest.raises(UsageError):
        host_of(base_url)


@pytest.mark.parametrize(
    ("base_url", "loopback"),
    [
        ("http://127.0.0.1:8080/v1", True), ("http://localhost/v1", True), ("http://[::1]:1/v1", True),
        ("http://127.9.9.9", True), ("http://localhost.example.org", False), ("https://api.openai.com/v1", False),
        ("http://192.168.1.5:11434/v1", False),
    ],
)  # fmt: skip
def test_a_server_on_this_machine_is_recognised(base_url: str, loopback: bool) -> None:
    assert is_loopback(base_url) is loopback
