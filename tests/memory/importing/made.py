"""Files to import, made by hand: a source in memory, a PDF of a few lines, a conversation that branches."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from persona_cli.memory.contacts import Contact
from persona_cli.memory.importing.items import Item, Kept, Options, Problem, Reader, Source
from persona_cli.memory.storage.records import Note

CHANGED = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)


def source(name: str, content: str | bytes) -> Source:
    data = content.encode() if isinstance(content, str) else content
    return Source(name, len(data), CHANGED, lambda: io.BytesIO(data))


def read(reader: Reader, name: str, content: str | bytes, with_answers: bool = False) -> list[Item]:
    return list(reader(source(name, content), Options(with_answers)))


def notes(items: Sequence[Item]) -> list[Note]:
    return [item.note if isinstance(item, Kept) else item for item in items if isinstance(item, Note | Kept)]


def texts(items: Sequence[Item]) -> list[str]:
    return [note.text for note in notes(items)]


def problems(items: Sequence[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


def contacts(items: Sequence[Item]) -> list[Contact]:
    return [item for item in items if isinstance(item, Contact)]


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page; a page without text holds nothing."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for page in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({page}) Tj ET".encode("latin-1") if page else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def chatgpt(title: str = "Trip to Lisbon", identity: str = "6812ab34-0000") -> dict[str, Any]:
    """A conversation of ChatGPT's export: the first question was edited, and the second version is the current one."""

    def node(id: str, parent: str | None, role: str, text: str, time: float, **content: Any) -> dict[str, Any]:
        message = {
            "id": f"{identity}-{id}",
            "author": {"role": role},
            "create_time": time,
            "content": content or {"content_type": "text", "parts": [text]},
            "recipient": "all",
            "weight": 1.0,
            "metadata": {},
        }
        return {"id": id, "message": message, "parent": parent, "children": []}

    about = {"content_type": "user_editable_context", "user_profile": "I am a nurse.", "user_instructions": "Be brief."}
    nodes = [
        {"id": "root", "message": None, "parent": None, "children": ["about"]},
        node("about", "root", "user", "", 1750000000.0, **about),
        node("old", "about", "user", "Where to eat in Porto?", 1750000001.5),
        node("old answer", "old", "assistant", "At the river.", 1750000002.5),
        node("new", "about", "user", "Where to eat in Lisbon?", 1750000003.5),
        node("tool", "new", "tool", "search results", 1750000004.5),
        node("answer", "tool", "assistant", "In Alfama.", 1750000005.5),
        node("thanks", "answer", "user", "", 1750000006.5, content_type="multimodal_text",
             parts=[{"content_type": "image_asset_pointer"}, "What is this on the picture?"]),
    ]  # fmt: skip
    return {
        "title": title,
        "create_time": 1749999999.0,
        "mapping": {item["id"]: item for item in nodes},
        "current_node": "thanks",
        "conversation_id": identity,
    }
