"""What `persona models` shows: the models here, those at the hub, and one of them at length."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_cli.cli import screen
from persona_cli.errors import ModelBroken, ModelMissing

if TYPE_CHECKING:
    from persona_cli.local.catalog import Download
    from persona_cli.local.installed import Installed
    from persona_cli.parts import Parts


def in_use(parts: Parts) -> Path | None:
    """The file of the model that the settings name; None, said on stderr, where it is not there."""
    from persona_cli.local.model_files import resolve_model

    try:
        return resolve_model(parts.settings.local.model, parts.folders)
    except ModelMissing as error:
        screen.say(str(error), "yellow")
        return None


def named(parts: Parts, name: str) -> tuple[Installed | None, Path]:
    """The model that `name` means, and its file: nano, a .gguf file, or an installed one. Raises ModelMissing."""
    from persona_cli.local.installed import find
    from persona_cli.local.model_files import EMBEDDED, resolve_model

    own = name in ("", EMBEDDED) or (name.endswith(".gguf") and Path(name).expanduser().is_file())
    model = None if own else find(name, parts.folders)
    return model, model.path if model else resolve_model(name, parts.folders)


def here(parts: Parts) -> list[dict[str, Any]]:
    """The embedded model, the installed ones, and the one in use wherever it is."""
    from persona_cli.local.installed import installed
    from persona_cli.local.model_files import EMBEDDED
    from persona_cli.paths import embedded_model

    used = in_use(parts)
    found = {embedded_model(f"{EMBEDDED}.gguf"): (EMBEDDED, "comes with persona")}
    for item in installed(parts.folders):
        origin = item.origin
        found[item.path] = (item.name, f"{origin.host}/{origin.repository}" if origin else "yours")
    if used is not None and used not in found:
        found[used] = (used.stem, str(used))
    return [_row(path, name, where, path == used) for path, (name, where) in found.items()]


def _row(path: Path, name: str, where: str, used: bool) -> dict[str, Any]:
    from persona_cli.local.gguf_reading import read_card
    from persona_cli.sketch.drafters.choosing import best_drafter

    try:
        parameters: int | None = read_card(path).parameters
    except ModelBroken:
        parameters, where = None, f"{where} (broken: persona models info {name})"
    return {
        "name": name, "in_use": used, "parameters": parameters, "size": path.stat().st_size,
        "drafter": best_drafter(path), "where": where, "path": str(path),
    }  # fmt: skip


def line(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        "*" if row["in_use"] else "", row["name"], _counted(row["parameters"]), in_bytes(row["size"]), row["drafter"],
        row["where"],
    )  # fmt: skip


def available(parts: Parts) -> list[dict[str, Any]]:
    """The catalog, and for each model whether it fits this machine."""
    from persona_cli.local.catalog import downloads
    from persona_cli.local.installed import installed

    names = {item.name for item in installed(parts.folders)}
    return [{**asdict(item), "fits": _fits(parts, item), "installed": item.name in names} for item in downloads()]


def _fits(parts: Parts, item: Download) -> str:
    import shutil

    from persona_cli.local import ram

    folder = next(path for path in (parts.folders.data, *parts.folders.data.parents) if path.exists())
    if shutil.disk_usage(folder).free < item.size:
        return "no disk space"
    verdict = ram.verdict(item.memory, ram.total(), ram.available())
    return {"no": "not enough RAM", "tight": "when little else runs"}.get(verdict, verdict)


def available_line(row: dict[str, Any]) -> tuple[str, ...]:
    fits = "installed" if row["installed"] else row["fits"]
    return (
        row["name"], row["parameters"], in_bytes(row["size"]), f"{row['memory'] / 1e9:.1f} GB",
        f"{row['context'] // 1024} K", fits, row["licence"],
    )  # fmt: skip


def say_unfinished(parts: Parts) -> None:
    from persona_cli.local.installed import parts as unfinished

    for part in unfinished(parts.folders):
        screen.say(
            f"{part.name}: {part.arrived / part.size:.0%} of {in_bytes(part.size)} has arrived. `persona models pull` "
            f"goes on, `persona models rm {part.name}` throws it away.",
            "yellow",
        )


def of_model(parts: Parts, name: str) -> dict[str, Any]:
    """Everything about a model that is here; its file is read whole. Raises ModelMissing, ModelBroken."""
    from persona_cli.local.catalog import entry, fingerprint
    from persona_cli.local.gguf_reading import read_card
    from persona_cli.local.model_files import EMBEDDED
    from persona_cli.sketch.drafters.choosing import best_drafter

    model, path = named(parts, name)
    card = read_card(path)
    size, digest = fingerprint(path)
    embedded = entry(EMBEDDED) if not model and name in ("", EMBEDDED) else None
    origin = model.origin if model else None
    expected = embedded.sha256 if embedded else origin.sha256 if origin else None
    return {
        "name": model.name if model else EMBEDDED if embedded else path.stem,
        "installed": True,
        "in_use": path == in_use(parts),
        "file": str(path),
        "size": size,
        "architecture": card.architecture,
        "title": card.name,
        "parameters": card.parameters,
        "context": card.context,
        "quantisation": card.quantisation,
        "chat_template": card.chat_template,
        "licence": (embedded.licence if embedded else origin.licence if origin else "") or card.licence,
        "drafter": best_drafter(path),
        "origin": f"{origin.host}/{origin.repository}/{origin.file}" if origin else "",
        "revision": origin.revision if origin else "",
        "pulled": origin.pulled if origin else "",
        "sha256": digest,
        "checksum": "not known" if expected is None else "right" if digest == expected else "WRONG: pull it again",
    }


def table(rows: list[tuple[str, ...]], head: tuple[str, ...]) -> None:
    """Columns as wide as their widest cell, for people and for `awk` alike."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        screen.write(f"{screen.visible(line).rstrip()}\n")


def _counted(parameters: int | None) -> str:
    if parameters is None:
        return "?"
    return f"{parameters / 1e9:.1f} B" if parameters >= 1e9 else f"{parameters / 1e6:.0f} M"


def in_bytes(size: int) -> str:
    """386 MB, 2.5 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
