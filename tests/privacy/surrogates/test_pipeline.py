"""The style "surrogates" in the pipeline: set by the user, resumed, edited, stored sealed, forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli.assistant import Assistant
from persona_cli.chats.rows import copy_conversations
from persona_cli.conversation import Conversations
from persona_cli.errors import SettingsError
from persona_cli.exchange import Draft, Request
from persona_cli.parts import Parts
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.vault import Vault
from persona_cli.settings import Settings, with_value
from persona_cli.sketch.sketch import CLOUD_SYSTEM_SURROGATES
from tests.privacy.surrogates.tables import surrogate, table

TEXT = "Write to my landlord Tom Brannigan that his plumber Carla Okafor comes on 12 May 2026."


@pytest.fixture
def assistant(parts: Parts) -> Assistant:
    return Assistant(replace(parts, settings=with_value(parts.settings, "privacy.style", "surrogates")))


def prepared(assistant: Assistant, text: str, conversation: str = "", document: str = "") -> Draft:
    draft = assistant.prepare(Request(text, document=document, conversation=conversation))
    if conversation:
        assistant.parts.conversations.save_pseudonyms(conversation, draft.table)
    return draft


def test_the_message_reads_like_one_and_comes_back(assistant: Assistant) -> None:
    draft = prepared(assistant, TEXT)
    assert not any(private in draft.payload_text for private in ("Tom", "Brannigan", "Carla", "Okafor", "12 May", "[P"))
    assert draft.payload["messages"][0]["content"] == CLOUD_SYSTEM_SURROGATES
    assert restore(draft.message, draft.table, ALL_SINKS).text == TEXT
    assert draft.placeholders[surrogate(draft.table, "Tom Brannigan")] == "Tom Brannigan"


def test_a_resumed_conversation_goes_on_with_the_same_surrogates(assistant: Assistant) -> None:
    id = assistant.parts.conversations.new("x").id
    first = prepared(assistant, TEXT, id)
    again = prepared(assistant, "Now thank Brannigan, and Carla too. Ask them by 19 May 2026.", id)
    landlord, plumber = surrogate(first.table, "Tom Brannigan"), surrogate(first.table, "Carla Okafor")
    assert f"thank {landlord.split()[1]}, and {plumber.split()[0]} too" in again.message
    stored = assistant.parts.conversations.pseudonyms(id)
    assert stored.surrogates is not None and again.table.surrogates is not None
    assert stored.surrogates.issued == again.table.surrogates.issued
    assert stored.surrogates.seed == again.table.surrogates.seed
    assert restore(f"Dear {landlord},", stored).text == "Dear Tom Brannigan,"


def test_an_edit_of_the_message_keeps_its_surrogates(assistant: Assistant) -> None:
    draft = prepared(assistant, TEXT)
    landlord = surrogate(draft.table, "Tom Brannigan")
    edited = assistant.edit(draft, f"Tell {landlord} and {landlord.split()[0]}'s wife Mary Kiely to call.")
    assert edited.request.text == "Tell Tom Brannigan and Tom's wife Mary Kiely to call."
    assert edited.message.startswith(f"Tell {landlord} and {landlord.split()[0]}'s wife ")
    assert "Kiely" not in edited.message


def test_a_surrogate_in_a_later_document_is_neutralised(assistant: Assistant) -> None:
    id = assistant.parts.conversations.new("x").id
    landlord = surrogate(prepared(assistant, TEXT, id).table, "Tom Brannigan")
    document = f"Minutes: {landlord} spoke; {landlord.upper()} and Tom Brannigan agreed."
    draft = prepared(assistant, "Sum this up.", id, document)
    assert landlord.upper() not in draft.message
    assert restore(draft.message, draft.table, ALL_SINKS).text.endswith(document)


def test_no_surrogate_is_a_word_of_a_memory_that_stays_here(assistant: Assistant) -> None:
    made = table()
    names = surrogate(made, "Emma Roberts").split()
    made.use_surrogates([f"{names[0]} is my sister"])
    assert made.surrogates is not None
    made.surrogates.issue([("[PERSON_99]", "PERSON", "Zoe Maguire")], [])
    assert names[0] not in made.surrogates.issued[-1].text


def test_a_town_that_stands_for_another_tells_nothing_of_the_user(assistant: Assistant) -> None:
    draft = prepared(assistant, "I am a 34 year old nurse and live in Galway. Write to Tom Brannigan.")
    town = next((draft.table.shown(entry) for entry in draft.table.entries if entry.kind == "PLACE"), "")
    assert draft.exposure is not None
    assert not town or town not in draft.exposure.summary


def test_both_styles_can_be_used_in_one_conversation(assistant: Assistant, parts: Parts) -> None:
    id = assistant.parts.conversations.new("x").id
    landlord = surrogate(prepared(assistant, TEXT, id).table, "Tom Brannigan")
    tags = prepared(Assistant(parts), "Thank Tom Brannigan.", id)
    assert tags.message == "Thank [PERSON_1]."
    assert restore(f"[PERSON_1] and {landlord}", tags.table).text == "Tom Brannigan and Tom Brannigan"


def test_surrogates_are_stored_sealed_copied_to_a_new_key_and_forgotten(tmp_path: Path) -> None:
    with Vault(tmp_path / "old.db", Seal(bytes(KEY_BYTES))) as old, Vault(tmp_path / "new.db", Seal(b"k" * 32)) as new:
        conversations = Conversations(old)
        id = conversations.new("x").id
        made = table()
        conversations.save_pseudonyms(id, made)
        copy_conversations(old, new)
        for vault in (old, new):
            kept = Conversations(vault).pseudonyms(id).surrogates
            assert kept is not None and made.surrogates is not None
            assert (kept.issued, kept.seed) == (made.surrogates.issued, made.surrogates.seed)
        conversations.remove(id)
        assert old.rows("SELECT count(*) FROM surrogates") == [(0,)]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert surrogate(made, "Emma Roberts").encode() not in files


def test_the_style_is_one_of_two() -> None:
    with pytest.raises(SettingsError, match="tags, surrogates"):
        with_value(Settings(), "privacy.style", "nonsense")
