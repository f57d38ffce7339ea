"""Markdown, as in Obsidian: a memory for each short section, behind its headings; links and markup become plain text.

The headings and not a running number stand in source_id: a paragraph that was written at the top of a note changes
nothing of what the sections below it are called, so that importing the folder again adds what is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import clean, date_in, pieces, time_of, without
from persona_cli.memory.importing.plain import HEAD, encoding_of
from persona_cli.memory.storage.records import Note

LARGEST: Final = 32 << 20
CODE_LINES: Final = 6
LONGEST_HEADING: Final = 200
DATES: Final = ("date", "created", "created_at", "date created", "creation date", "updated", "modified")

_FRONT: Final = re.compile(r"\A---[^\S\n]*\n(.*?)\n(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL)
# Bounded throughout: what is imported may be made to take a pattern forever.
_FIELD: Final = re.compile(r"^([\w-][\w -]{0,60}):(.*)$")
_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})\s(.*)$")
_FENCE: Final = re.compile(r"^\s*(```+|~~~+)")
_PICTURE: Final = re.compile(
    r"!\[[^\]\n]{0,500}\]\([^)\n]{0,1000}\)|!\[\[[^\]\n]{0,300}\.(?:png|jpe?g|gif|webp|svg|bmp|mp[34]|pdf)[^\]\n]{0,99}\]\]"
)
_WIKI: Final = re.compile(r"!?\[\[([^\[\]|\n#]{0,300})(#[^\]|\n]{0,300})?(?:\|([^\]\n]{0,300}))?\]\]")
_LINK: Final = re.compile(r"\[([^\[\]\n]{1,500})\]\((?:<[^>\n]{0,1000}>|[^)\n]{0,1000})\)")
_STRONG: Final = re.compile(r"(\*\*|__|~~|==)(?=\S)(.{1,500}?)(?<=\S)\1")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>\n]{0,300}>")
_TASK: Final = re.compile(r"^([^\S\n]{0,40})[-*+] {1,4}\[([ xX])\] {1,4}", re.MULTILINE)
_CALLOUT: Final = re.compile(r"^> {0,4}\[!\w{1,40}\][+-]? {0,4}", re.MULTILINE)
_BLOCK_ID: Final = re.compile(r"\s\^[\w-]{1,80}$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """The text below a heading and above the next; `path` are the headings over it, the outermost first."""

    path: tuple[str, ...]
    text: str


def read_markdown(source: Source, options: Options) -> Iterator[Item]:
    """A note for each piece of each section. The time: a heading's, the front matter's, the name's or the file's."""
    if source.size > LARGEST:
        yield Problem(source.name, f"The file is larger than {LARGEST >> 20} MB. Import it with --from text.")
        return
    with source.open() as file:
        data = file.read(LARGEST)
    encoding = encoding_of(data[:HEAD])
    if not encoding:
        yield Problem(source.name, "This is no text file.")
        return
    fields, body = front_matter(data.decode(encoding, "replace").replace("\r\n", "\n"))
    stem = source.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    title = " ".join(fields.get("title", ())) or stem
    written = next((time for name in DATES for value in fields.get(name, ()) if (time := _day(value))), None)
    default = written or date_in(stem) or source.changed
    tags = ", ".join(tag.lstrip("#") for name in ("tags", "tag") for tag in fields.get(name, ()))
    for section in sections(body):
        # A first heading that repeats the name of the note says nothing new.
        path = section.path[1:] if section.path[:1] == (title,) else section.path
        time = next((time for heading in reversed(path) if (time := date_in(heading))), default)
        place = source.name + "".join(f"#{heading}" for heading in section.path)
        for piece in pieces(plain(section.text), context=" › ".join((title, *path))):
            yield Note(f"{piece} (tags: {tags})" if tags else piece, time, source_id=place)


def front_matter(text: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """The fields before the text, each with its values, and the text. Lists in both of YAML's forms; no nesting."""
    found = _FRONT.match(text.lstrip("\ufeff"))
    if not found:
        return {}, text
    fields: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in found[1].split("\n"):
        if line.lstrip().startswith("- ") and name:
            fields[name] = (*fields[name], line.lstrip()[2:].strip().strip("\"'"))
        elif field := _FIELD.match(line):
            name, value = field[1].strip().lower(), field[2].strip()
            listed = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else [value]
            if name in {"tags", "tag"} and len(listed) == 1:
                listed = value.replace(",", " ").split()
            fields[name] = tuple(item for part in listed if (item := part.strip().strip("\"'")))
    return fields, text[found.end() :]


def sections(text: str) -> Iterator[Section]:
    """The sections of a Markdown text in their order; code blocks are cut to a few lines, and hold no headings."""
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fence, inside = "", 0
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            inside += 1
            if mark and mark[1].startswith(fence):
                fence = ""
            elif inside <= CODE_LINES:
                lines.append(line)
            elif inside == CODE_LINES + 1:
                lines.append("…")
            continue
        if mark:
            fence, inside = mark[1][:3], 0
        elif heading := _HEADING.match(line):
            yield Section(tuple(name for _, name in path), "\n".join(lines))
            depth, lines = len(heading[1]), []
            name = " ".join(plain(heading[2].strip().rstrip("#")).split())[:LONGEST_HEADING]
            path = [*(item for item in path if item[0] < depth), (depth, name)]
        else:
            lines.append(line)
    yield Section(tuple(name for _, name in path), "\n".join(lines))


def plain(text: str) -> str:
    """Markdown without its markup: links by their words, tasks as "to do: …" and "done: …"."""
    text = _PICTURE.sub("", without(without(text, "<!--", "-->"), "%%", "%%"))
    text = _WIKI.sub(lambda link: link[3] or link[1].rsplit("/", 1)[-1] or (link[2] or "").lstrip("#"), text)
    text = _TAG.sub("", _LINK.sub(r"\1", text))
    text = _STRONG.sub(r"\2", text).replace("`", "")
    text = _TASK.sub(lambda task: f"{task[1]}- {'to do' if task[2] == ' ' else 'done'}: ", text)
    return clean(_BLOCK_ID.sub("", _CALLOUT.sub("> ", text)))


def _day(value: str) -> datetime | None:
    return time_of(value) or date_in(value)
