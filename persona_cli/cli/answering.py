"""How an answer is shown: the text on stdout, and what a person wants to know of it on stderr."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from persona_cli.cli import screen
from persona_cli.cli.markdown import print_markdown, stream_markdown
from persona_cli.errors import SchemaMissed
from persona_cli.modes.reasons import CLOUD_FAILED
from persona_cli.modes.reasons import NO_CLOUD as WITHOUT
from persona_cli.settings import AUTO, LOCAL, OUTLINE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from persona_cli.exchange import Answer, Reply, Request
    from persona_cli.settings import Settings

NO_CLOUD = (
    "No cloud is configured, so this is answered on this machine. "
    "`persona config set cloud.model NAME` connects one (and cloud.base_url, if it is not OpenAI)."
)
TOO_SMALL = (
    "The embedded model nano is tiny: it can word a short e-mail or note and little else. "
    "`persona config set local.model FILE.gguf` uses a larger one."
)
WRITING = "writing"
FITTING = "writing, and fitting it to your style"
TINY_FINISH = (
    "The local model that fits the answer to your style is nano, which is tiny: expect little of it. It can change no "
    "name, number or date, nor can a larger one."
)


def say_mode(request: Request, wanted: str, settings: Settings) -> None:
    """What a person should know of the mode before the answer comes. `wanted` is the one that was asked for."""
    if wanted == AUTO:
        screen.say(f"auto: {request.mode}, because {request.mode_reason}", "dim")
    elif request.mode_reason == WITHOUT:
        screen.say(NO_CLOUD, "dim")
    if request.mode in (LOCAL, OUTLINE) and not settings.local.model:
        screen.note(TOO_SMALL)


def show_answer(
    reply: Reply, as_json: bool, plain: bool, raw: bool = False, finishing: bool = False, whole: bool = False
) -> Answer | None:
    """Print an answer as it arrives, or once it is `whole`, as where the local model is `finishing` it, or as JSON."""
    if as_json:
        try:
            for _ in reply:
                pass
        finally:  # an answer that came and could not be kept is shown all the same
            if reply.answer is not None:
                screen.write_json(answer_fields(reply.answer))
        return None
    pieces: Iterable[str] = screen.after_working(FITTING, reply) if finishing else reply
    if whole or not (plain or screen.out_is_terminal()):
        with screen.working(WRITING):
            pieces = ["".join(screen.until_interrupted(pieces))]
    if plain:
        screen.stream_plain(pieces, raw)
    elif isinstance(pieces, list):
        print_markdown(pieces[0])
    else:
        stream_markdown(pieces)
    return reply.answer


def show_structured(reply: Reply) -> Answer | None:
    """Print an answer in JSON once it is whole and holds the schema; one that does not goes to stderr."""
    with screen.working(WRITING):
        for _ in screen.until_interrupted(reply):
            pass
    answer = reply.answer
    if answer is not None and answer.invalid:
        screen.say(answer.text.strip("\n"))
    elif answer is not None:
        screen.write(answer.text + "\n")
    return answer


def check_schema(answer: Answer | None) -> None:
    """Raises SchemaMissed for an answer that does not hold the schema that was asked for."""
    if answer is None or not answer.invalid:
        return
    cut = " It stopped at the model's length limit: ask for less." if answer.cut_short else " Ask again, or for less."
    raise SchemaMissed(f"The answer does not hold the schema: {answer.invalid}.{cut} What came is above, or in --json.")


def usage_line(answer: Answer) -> str:
    """What an answer took: tokens, and what they cost where the user wrote that down (`prices` in the settings)."""
    if answer.tokens_in is None or answer.tokens_out is None:
        return "tokens: not counted in this mode"
    about = "about " if answer.tokens_about else ""
    why = " (the server did not count)" if answer.tokens_about else ""
    cost = "" if answer.cost is None else f" · {about}{answer.cost:.6f}".rstrip("0").rstrip(".") + f" {answer.currency}"
    return f"tokens: {about}{answer.tokens_in:,} in, {about}{answer.tokens_out:,} out{why}{cost}"


def answer_fields(answer: Answer) -> dict[str, Any]:
    """An answer as the JSON object of `--json`."""
    return asdict(answer)


def remark(answer: Answer) -> None:
    """What a person wants to know about an answer, dim on stderr; warnings even where stderr is no terminal."""
    if answer.mode_reason.startswith(CLOUD_FAILED):
        screen.say(f"local, because {answer.mode_reason}", "yellow")
    if answer.cut_short:
        screen.say("The answer stopped at the model's length limit.", "yellow")
    if answer.shortened:
        screen.say(f"{answer.shortened[:1].upper()}{answer.shortened[1:]}.", "yellow")
    if answer.left_out:
        facts = "1 fact that was" if answer.left_out == 1 else f"{answer.left_out} facts that were"
        screen.say(f"Left out: {facts} kept from the cloud. --show-sketch with the same request shows them.", "yellow")
    if answer.held:
        screen.say(
            f"Left in place in a link or code: {', '.join(answer.held)}. --restore-in prose,code,url restores them.",
            "yellow",
        )
    if answer.unknown:
        screen.say(f"The answer has placeholders that were never issued: {', '.join(answer.unknown)}.", "yellow")
    screen.note(summary(answer))
    if answer.rounds:
        receipts = ", ".join(map(str, (answer.receipt, *answer.rounds)))
        ran = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in Counter(answer.tools).items())
        screen.note(f"tools: {ran or 'none ran'} · what left each time: `persona audit show N` for {receipts}")
    for text in answer.learned:
        screen.note(f"remembered: {text}")


def summary(answer: Answer) -> str:
    """One line: where the answer was made, and what was kept back."""
    if answer.outline:
        return (
            f"outline · {answer.model} wrote it along {len(answer.outline)} points of the cloud's · "
            f"`persona audit show {answer.receipt}`"
        )
    if answer.where == "local":
        return f"local · {answer.model} · nothing left this machine"
    return (
        f"cloud · {answer.model} · replaced {answer.replaced}, withheld {answer.withheld}, "
        f"restored {answer.restored} · `persona audit show {answer.receipt}`"
    )
