"""`persona doctor`: is everything in place, and what to do where it is not."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.errors import NothingFound, PersonaError, SettingsError

if TYPE_CHECKING:
    from persona_cli.parts import Parts

ENOUGH_DISK = 1 << 30


@dataclass(frozen=True)
class Finding:
    """`state` is "ok", "note" (works, worth knowing) or "problem"; `advice` is what to do about it."""

    what: str
    state: str
    says: str
    advice: str = ""


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also open a connection to the cloud's host.")] = False,
    llama: Annotated[bool, typer.Option("--llama", help="Also try out what persona relies on in llama.cpp.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Check models, keys, memory, cloud and permissions. Ends with 1 when something is wrong.

    \b
    Examples:
      persona doctor
      persona doctor --online
      persona doctor --llama --json
    """
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    checks: tuple[Callable[[Parts], Iterator[Finding]], ...] = (
        _python, _models, _local_model, _snapshots, _encryption, _memory, _audit, _cloud, _names, _permissions, _disk,
    )  # fmt: skip
    findings = [finding for check in checks for finding in _safely(check, parts)]
    if online:
        findings += _safely(_connection, parts)
    if llama:
        findings += _safely(_llama, parts)
    if as_json:
        screen.write_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _show(finding)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(PersonaError.exit_code)


def _safely(check: Callable[[Parts], Iterator[Finding]], parts: Parts) -> Iterator[Finding]:
    """The findings of one check; an error in it is a finding too, so that the other checks still run."""
    try:
        yield from check(parts)
    except PersonaError as error:
        yield Finding(check.__name__.strip("_").replace("_", " "), "problem", str(error))


def _show(finding: Finding) -> None:
    mark = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}[finding.state]
    style = {"ok": "green", "note": "yellow", "problem": "red"}[finding.state]
    line = f"{finding.what:<12} {finding.says}"
    if screen.out_is_terminal():
        from rich.markup import escape

        screen.console().print(f"[{style}]{mark}[/] {escape(line)}")
    else:
        screen.write(f"{mark} {line}\n")
    if finding.advice:
        screen.write(f"        {'':<12} {finding.advice}\n")


def _python(parts: Parts) -> Iterator[Finding]:
    from persona_cli import __version__

    yield Finding("persona", "ok", f"{__version__} on Python {sys.version.split()[0]}")


def _models(parts: Parts) -> Iterator[Finding]:
    from persona_cli.local.catalog import entries, verify

    for entry in entries():
        problem = verify(entry.name)
        if problem:
            yield Finding("models", "problem", problem, "Reinstall persona: ./install.sh")
        else:
            yield Finding("models", "ok", f"{entry.name}: {entry.file}, {entry.size / 1e6:.1f} MB, checksum right")


def _local_model(parts: Parts) -> Iterator[Finding]:
    engine = parts.engine
    engine.load()
    advice = "" if parts.settings.local.model else "It is tiny. `persona models list --available` shows larger ones."
    yield Finding("local model", "note" if advice else "ok", f"{engine.name} loads", advice)


def _encryption(parts: Parts) -> Iterator[Finding]:
    from persona_cli.privacy.crypto import where_key_is

    if parts.folders.vault_file.exists():
        parts.vault.check()
    yield Finding("encryption", "ok", where_key_is(parts.folders, env=parts.env))


def _memory(parts: Parts) -> Iterator[Finding]:
    count = parts.memory.count()
    counted = f"{count} {'memory' if count == 1 else 'memories'}"
    if url := parts.settings.memory.url:
        yield Finding(
            "memory",
            "note",
            f"{counted} on the Chroma server at {url}, sealed with a key that it does not have",
            "What is forgotten is deleted there; the server's own files and backups are out of persona's reach.",
        )
    else:
        yield Finding("memory", "ok", f"{counted} in {parts.folders.memory_folder}")


def _audit(parts: Parts) -> Iterator[Finding]:
    verdict = parts.audit.verify()
    advice = "" if verdict.ok else "`persona audit list` shows what can still be read."
    yield Finding("audit", "ok" if verdict.ok else "problem", verdict.sentence, advice)


def _cloud(parts: Parts) -> Iterator[Finding]:
    from persona_cli.cloud.endpoints import endpoint
    from persona_cli.secrets import find_key, is_loopback

    cloud = parts.settings.cloud
    if not cloud.configured:
        yield Finding(
            "cloud",
            "note",
            "none: everything is answered on this machine",
            "`persona config set cloud.model NAME`, then `persona keys set`, connects one.",
        )
        return
    place = f"{cloud.model} at {endpoint(cloud).host}" + (f" (provider {cloud.provider})" if cloud.provider else "")
    if find_key(cloud, parts.env, folders=parts.folders):
        yield Finding("cloud", "ok", f"{place}, with a key")
    elif is_loopback(cloud.base_url):
        yield Finding("cloud", "ok", f"{place}, on this machine, without a key")
    else:
        step = f"`persona keys set {cloud.provider or parts.cloud_host}` keeps one."
        yield Finding("cloud", "note", f"{place}, without a key", step)
    if cloud.ca:
        from persona_cli.cloud.transport import trusted

        trusted(cloud.ca)
        yield Finding("certificates", "ok", f"only those of {cloud.ca} are trusted, not the system's")


def _names(parts: Parts) -> Iterator[Finding]:
    """Aliases and providers in the settings that lead nowhere; nothing where all is well."""
    from persona_cli.settings import server_of, with_model

    for name in parts.settings.providers:
        try:
            server_of(parts.settings, name)
        except SettingsError as error:
            yield Finding("providers", "problem", str(error))
    for alias, model in parts.settings.models.items():
        try:
            with_model(parts.settings, alias)
        except SettingsError as error:
            yield Finding("providers", "problem", f"models.{alias} = {model}: {error}")


def _connection(parts: Parts) -> Iterator[Finding]:
    from persona_cli.cloud.reach import reach

    cloud = parts.settings.cloud
    if not cloud.configured:
        return
    from persona_cli.cloud.transport import proxy_for

    if proxy := proxy_for(cloud.base_url, parts.env, cloud.proxy):
        yield Finding("connection", "ok", f"{reach(proxy)}: the proxy for {parts.cloud_host}, which only it can reach")
    else:
        yield Finding("connection", "ok", reach(cloud.base_url))


def _llama(parts: Parts) -> Iterator[Finding]:
    from persona_cli.local.selftest import facts

    for fact in facts():
        if fact.holds:
            yield Finding("llama.cpp", "ok", fact.says)
        else:
            told = fact.error or f"by {fact.difference:.2g}"
            advice = "This release of llama-cpp-python is not the one persona was made with. Run ./install.sh again."
            yield Finding("llama.cpp", "problem", f"{fact.says}: differs ({told})", advice)


def _snapshots(parts: Parts) -> Iterator[Finding]:
    from persona_cli.local.snapshots import snapshots_folder

    folder, most = snapshots_folder(parts.folders), parts.settings.local.snapshots
    sizes = [path.stat().st_size for path in folder.glob("*.kv")]
    says = f"{len(sizes)} kept of what the local model has read, {sum(sizes) / 2**20:.1f} of {most} MB"
    if sizes and not most:
        yield Finding("snapshots", "note", says, f"They are not used any more: rm -r {folder}")
    else:
        yield Finding("snapshots", "ok", says if most else "none are kept (local.snapshots is 0)")


def _permissions(parts: Parts) -> Iterator[Finding]:
    folders = parts.folders
    roots = [path for path in (folders.config, folders.data, folders.state, folders.cache) if path.exists()]
    paths = [path for root in roots for path in (root, *root.rglob("*"))]
    wide = [path for path in paths if not path.is_symlink() and _open_to_others(path)]
    if wide:
        yield Finding(
            "permissions",
            "problem",
            f"{len(wide)} of persona's files can be read by others, such as {wide[0]}",
            f"chmod -R go= {' '.join(str(root) for root in roots)}",
        )
    else:
        yield Finding("permissions", "ok", "only you can read persona's files")


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def _disk(parts: Parts) -> Iterator[Finding]:
    there = next((path for path in (parts.folders.data, *parts.folders.data.parents) if path.exists()), None)
    if there is None:
        raise NothingFound(f"No part of {parts.folders.data} exists. Set PERSONA_HOME to a folder that does.")
    free = shutil.disk_usage(there).free
    state = "ok" if free > ENOUGH_DISK else "note"
    yield Finding(
        "disk", state, f"{free / 1e9:.1f} GB free", "" if state == "ok" else "Make room before you add models."
    )
