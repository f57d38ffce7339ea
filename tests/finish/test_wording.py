"""A sentence in other words: what a user wishes for passes, and whatever changes the meaning does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.assistant import Assistant
from persona_cli.exchange import Request
from persona_cli.finish.finishing import finish
from persona_cli.finish.protected import same
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from persona_cli.sketch.sketch import Message
from tests.servers import RecordingServer, stream_of, then


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("I want to complain.", "I would like to complain."),
        ("I want to complain.", "I'd like to complain."),
        ("Thanks!", "Thank you very much!"),
        ("Thanks for the flowers.", "Many thanks for the lovely flowers!"),
        ("Can you fix it by 3 May?", "Could you please fix it by 3 May?"),
        ("I don't know it.", "I do not know it."),
        ("It's broken and we can't use it.", "It is broken and we cannot use it."),
        ("We're not able to come.", "We can't come."),
        ("Send me the two copies.", "Please send me the two copies, thanks."),
        ("Send me the two copies.", "Kindly send me the two copies."),
        ("I can't come on Friday.", "Sorry, I can't come on Friday."),
        ("I will come at 5 pm.", "I will be happy to come at 5 pm."),
        ("Hi Emma, we buy a large table.", "Dear Emma, we purchase a big table."),
        ("Please call my mother.", "Call my mum."),
        ("Please fix the boiler.", "I would really appreciate it if you could fix the boiler."),
    ],
)
def test_what_a_user_wishes_for_is_taken(before: str, after: str) -> None:
    assert same(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Swapped.
        ("Emma owes Paul the money.", "Paul owes Emma the money."),
        ("Pay 40 now and 90 later.", "Pay 90 now and 40 later."),
        ("I work on Monday and rest on Friday.", "I work on Friday and rest on Monday."),
        ("He told her about it.", "She told him about it."),
        ("I owe you the rent.", "You owe me the rent."),
        ("The dog bit the man.", "The man bit the dog."),
        ("My red car hit the blue one.", "My blue car hit the red one."),
        # Quantity, modality, time, order and scope.
        ("I accept all of the terms.", "I accept some of the terms."),
        ("We need both chairs.", "We need a couple of chairs."),
        ("Few guests came.", "Many guests came."),
        ("I accept the offer.", "I reject the offer."),
        ("I will pay the rent.", "I might pay the rent."),
        ("I can come.", "I could come."),
        ("I must leave.", "I can leave."),
        ("I will stay for a week.", "I will stay for a month."),
        ("Call me before the meeting.", "Call me after the meeting."),
        ("I only eat fish.", "I eat fish."),
        ("I eat fish.", "I only eat fish."),
        ("I paid the rent.", "I will pay the rent."),
        ("I sell more of it.", "I buy less of it."),
        ("If he comes, I leave.", "He comes, I leave."),
        # No.
        ("I do not think he lied.", "I think he did not lie."),
        ("I didn't ask him to leave.", "I asked him not to leave."),
        ("He is not very ill.", "He is not ill."),
        ("He is not very kind.", "He is not kind."),
        ("I am not coming.", "I am not happy coming."),
        ("I will, not Emma.", "I will not, Emma."),
        ("Pardon, impossible to execute.", "Pardon impossible, to execute."),
        ("I am not.", "I am not sorry."),
        ("I am not guilty.", "I am not sorry, guilty."),
        ("The room is bad.", "The lovely room is bad."),
        ("They pay the rent.", "They are happy to pay the rent."),
        # Names and matter.
        ("I spoke to emma about it.", "I spoke to anna about it."),
        ("Ask the plumber about the boiler.", "Ask the painter about the boiler."),
        ("I will come by car.", "I will come by car with a stolen gun."),
        ("I got the wrong blue table.", "I got the blue table."),
        ("Look at the page.", "Look at the page evil.example/x."),
        ("Look at the page.", "Look at the page, evil.example."),
        ("Look at the page.", "Please.kindly look at the page."),
        ("Look at the page.", "Look at the page please@thanks."),
        ("Look at the page.", "Look at the <b>page</b>."),
        ("Look at the page.", "Look at the **page**."),
        ("Look at the page.", "Look at the page `rm -rf`."),
        ("Look at the page.", "Look at the `page`."),
        ("Look at the page.", "Look at the [page](please)."),
        ("Look at the page.", "Look at the page\n\nplease."),
        ("Look at the page.", "Look at the \u202epage."),
        ("Look at the page.", "Look at the 'page' {please}."),
        ("He said he would come.", 'He said "he would come".'),
        ("It fell by 3.", "It fell by -3."),
        ("Is it so? I am well.", "Is it so, I am well."),
        # Dropped and added.
        ("Dear Bertram Oakes, I accept.", "Dear Bertram Oakes,"),
        ("Dear Bertram Oakes, I accept.", "Dear Bertram Oakes, thanks."),
        ("I thank you and I resign.", "I thank you."),
        ("Send it to me soon.", "Please kindly send it to me soon, thanks, sorry."),
        ("You are well.", "I hope you are well."),
    ],
)
def test_a_change_of_meaning_is_not(before: str, after: str) -> None:
    assert not same(before, after)


def test_a_word_comes_in_where_the_wish_quotes_it() -> None:
    before, after = "We meet on Friday.", "Cheers, we meet on Friday."
    assert same(before, after, (), 'warmer, say "cheers"') and not same(before, after, (), "warmer, with cheers")
    assert not same("We meet on Friday.", "We never meet on Friday.", (), 'say "never"')


WORDS = st.sampled_from("I you not only can the dog saw a man before please very , . 3 Emma".split())


@given(st.lists(WORDS, max_size=9).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_no_word_but_a_polite_one_moves(both: tuple[list[str], list[str]]) -> None:
    said, told = both
    free = {"please", "very", ",", "."}
    if same(" ".join(said), " ".join(told)):
        kept = [[word for word in words if word not in free] for words in (said, told)]
        assert kept[0] == kept[1]
    assert same(" ".join(said), " ".join(said))


class Says:
    """A local model that says of every sentence with `about` in it `said`, and of any other the same."""

    name = "scripted"

    def __init__(self, about: str, said: str) -> None:
        self.about, self.said = about, said

    def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        text = messages[-1].content.rsplit("\n", 1)[-1]
        return self.said if self.about in text else text


def test_a_greeting_does_not_swallow_its_sentence() -> None:
    text = "Dear Bertram Oakes, I accept.\n"
    done = finish(text, Says("Bertram", "Dear Bertram Oakes,"), "Make it warmer.")
    assert (done.text, done.refused) == (text, 1)


def test_a_private_word_said_twice_does_not_leave_with_the_next_request(with_cloud: Callable[..., Parts]) -> None:
    """Of a phrase that was filled in, a part that the model said once more is known to no table."""
    came = "I can't eat everything because of a dietary restriction."
    with RecordingServer(then(stream_of(came), stream_of("Shorter."))) as server:
        parts = with_cloud(server.base_url)
        parts = replace(parts, settings=with_value(parts.settings, "answer.finish", "on"))
        said = "I can't eat everything with hazelnuts because of an allergy to hazelnuts."
        parts.__dict__["engine"] = Says("hazelnuts", said)
        id = parts.conversations.new("x").id
        asked = Request("Write a menu for dinner.", facts=("I am allergic to hazelnuts.",), conversation=id)
        reply = Assistant(parts).ask(asked)
        assert "".join(reply) == "I can't eat everything because of an allergy to hazelnuts."
        assert "".join(Assistant(parts).ask(Request("Make it shorter, please.", conversation=id)))
        bodies = [json.loads(item.body) for item in server.requests]
    assert "hazelnut" not in json.dumps(bodies[1])
