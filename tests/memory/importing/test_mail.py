"""mbox and single messages."""

from __future__ import annotations

from datetime import datetime, timezone

from persona_cli.memory.importing.mail import own_words, read_mail, stripped
from tests.memory.importing.made import CHANGED, notes, problems, read, texts

MBOX = b"""From ann@example.org Mon Mar  2 09:30:00 2026
From: =?utf-8?q?Ann_L=C3=A9e?= <ann@example.org>
To: me@example.org
Subject: Re: =?utf-8?b?V29obnVuZw==?=
Date: Mon, 2 Mar 2026 10:30:00 +0100
Message-ID: <one@example.org>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

The flat is free from M=C3=A4rz.
>From then on it is ours.

On Sun, 1 Mar 2026 at 10:00, Me Myself
<me@example.org> wrote:
> Is it free?
> Tell me.
--\x20
Ann
Sent by pigeon

From bob@example.org Tue Mar  3 09:30:00 2026
From: bob@example.org
Subject: HTML only
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=x-nobody-knows

<html><head><style>p {}</style></head><body><p>Dinner at <b>eight</b>?</p><blockquote>old</blockquote></body></html>
--b
Content-Type: application/pdf; name=menu.pdf
Content-Transfer-Encoding: base64

AAAA
--b--
"""


def test_the_messages_of_an_mbox_without_quotes_and_signatures() -> None:
    first, second = notes(read(read_mail, "Inbox.mbox", MBOX))
    assert first.text == "Re: Wohnung: The flat is free from März.\nFrom then on it is ours."
    assert (first.speaker, first.conversation, first.source_id) == ("Ann Lée", "Mail: Wohnung", "mail:one@example.org")
    assert first.time == datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)
    assert second.text == "HTML only: Dinner at eight?"
    assert (second.speaker, second.source_id, second.time) == ("bob@example.org", "mail:Inbox.mbox#2", CHANGED)


def test_what_is_below_a_quotation_is_kept_and_what_is_forwarded_is_not() -> None:
    assert own_words("On Monday Ann wrote:\n> Is it free?\n> Tell me.\nYes, it is.") == "Yes, it is."
    assert own_words("See below.\n\n-----Original Message-----\nFrom: x\nold") == "See below.\n"
    assert own_words("On Sunday I wrote a letter.") == "On Sunday I wrote a letter."


def test_html_is_text_with_its_breaks() -> None:
    assert stripped("<p>One &amp; two</p><ul><li>a<li>b</ul><script>x()</script>").split() == "One & two a b".split()


def test_broken_messages_are_told_or_empty_and_the_others_go_on() -> None:
    junk = b"From x\n\0\0\0\n\nFrom y\nDate: never\nContent-Type: text/plain; charset=utf-8\n\n\xff\xfe fine\n\n"
    items = read(read_mail, "m.mbox", junk + MBOX)
    assert [problem.where for problem in problems(items)] == ["m.mbox, message 1"]
    assert len(texts(items)) == 3


def test_one_message_alone() -> None:
    assert texts(read(read_mail, "a.eml", b"From: a@example.org\nSubject: Hi\n\nTea?\n")) == ["Hi: Tea?"]
