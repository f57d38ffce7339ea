"""Files and web pages as text: what `-f` names. The ways in are attachment.py; what a file says is data, and nothing
that is read here can make persona do anything."""

from __future__ import annotations

from persona_cli.reading.attachment import Attachment, read_attachment

__all__ = ["Attachment", "read_attachment"]
