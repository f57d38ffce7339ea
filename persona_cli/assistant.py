"""The way of a request (DESIGN §1), each step by its name:

    Request -> choose a mode -> prepare -> consent -> answer -> finish -> Answer
                                ^ edit <--|
    sketch     recall, draft, gate                    cloud, [tools, gate, cloud,] restore, record
    outline    recall, bare instruction, gate         cloud, local model, record
    logits     recall, draft, gate        [gate, cloud + local model] for each token, restore, record
    local      nothing is prepared or sent:           recall, local model, record

Knows the order of the steps and nothing of how any of them is done (modes/), nor of the terminal.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from persona_cli.ahead import Meanwhile
from persona_cli.consent import NOT_ASKED, Consent, nobody_to_ask, settle
from persona_cli.errors import CloudError, TakenMeanwhile
from persona_cli.exchange import Draft, Pieces, Reply, Request
from persona_cli.finish.wanting import wanted
from persona_cli.modes.choosing import chosen
from persona_cli.modes.local import LocalMode
from persona_cli.modes.mode import mode_of
from persona_cli.modes.reasons import CLOUD_FAILED
from persona_cli.modes.steps import Steps
from persona_cli.settings import LOCAL

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.tools.approval import Approval

# So often a request is prepared anew because another process asks in its conversation at the same time.
AGAIN = 5


class Assistant:
    """persona's pipeline over `parts`. `consent` is asked before a request leaves, where that is required.

    `approval` is asked before a tool runs. `close` ends what was started for tools.
    """

    def __init__(self, parts: Parts, consent: Consent = nobody_to_ask, approval: Approval | None = None) -> None:
        self.parts = parts
        self._consent = consent
        self._steps = Steps(parts, approval)

    def close(self) -> None:
        self._steps.close()

    def ask(self, request: Request) -> Reply:
        """Answer `request`, streaming.

        Raises Refused or Cancelled before anything leaves, CloudError when the cloud fails.
        """
        request = self.choose(request)
        if request.mode == LOCAL:
            return self._local_reply(self._steps.record.with_role(request))
        with Meanwhile(self._load_client):
            draft = self.prepare(request)
        return self.send(draft)

    def _load_client(self) -> None:
        from persona_cli.cloud.client import load

        load(self.parts.settings.cloud)

    def choose(self, request: Request, dry: bool = False) -> Request:
        """`request` with the mode that it is answered in, and why; with `dry` as if a cloud were configured.

        Opens no connection. Raises UsageError for a mode that this installation has not got.
        """
        request = chosen(request, self.parts, dry)
        if request.mode != LOCAL:
            mode_of(request.mode, self._steps)
        return request

    def prepare(self, request: Request, table: Pseudonyms | None = None) -> Draft:
        """Everything up to the cloud's door; opens no connection.

        `table` stands in for the conversation's own placeholders. Raises Refused, and UsageError in the mode local.
        """
        table = self._steps.record.table(request) if table is None else table
        request = self._steps.record.with_role(self.choose(request, dry=True))
        return mode_of(request.mode, self._steps).prepare(request, table)

    def send(self, draft: Draft) -> Reply:
        """Send what the gate cleared, and the user where they are to be asked, and stream the answer.

        What they keep local is answered here. Raises Refused, Cancelled, CloudError.
        """
        draft = self._consented(draft)
        request = draft.request
        if request.mode == LOCAL:
            return self._local_reply(request)
        draft = self._placed(draft)
        exposure, privacy = draft.exposure, self.parts.settings.privacy
        warning = exposure.warning(privacy.k_anonymity) if exposure else ""
        withheld = draft.sketch.treated("withheld")
        pieces = self._finish(self._by_cloud(draft), request, draft)
        return Reply(pieces, withheld, warning, request.mode, request.mode_reason)

    def edit(self, draft: Draft, text: str) -> Draft:
        """`draft` with `text` as the user's message, past detection and the gate once more. Raises Refused."""
        return mode_of(draft.request.mode, self._steps).edit(draft, text)

    def _consented(self, draft: Draft) -> Draft:
        """The draft that the user lets go, or one with a local request. Raises Refused, Cancelled."""
        confirm = draft.request.confirm
        if confirm is None:
            confirm = self.parts.settings.privacy.confirm == "always"
        if not confirm:
            return replace(draft, consent=NOT_ASKED)
        with self._steps.record.kept_when_refused(draft.request):
            return settle(draft, self._consent, self.edit)

    def _placed(self, draft: Draft) -> Draft:
        """`draft` with its placeholders kept; prepared anew where another process was quicker with one of them.

        What the user has seen and let go is not changed any more. Raises TakenMeanwhile.
        """
        for again in range(AGAIN, -1, -1):
            try:
                self._steps.record.save_table(draft)
                break
            except TakenMeanwhile:
                if not again or draft.consent != NOT_ASKED:
                    raise
                draft = replace(self.prepare(draft.request), consent=NOT_ASKED)
        return draft

    def _by_cloud(self, draft: Draft) -> Pieces:
        shown = False
        try:
            with closing(mode_of(draft.request.mode, self._steps).answer(draft)) as pieces:
                for piece in pieces:
                    shown = shown or bool(piece)
                    yield piece
        except CloudError as error:
            if shown or not draft.request.fallback:
                raise
            # The user's turn is in the record: this answer takes the place of the one that did not come.
            reason = f"{CLOUD_FAILED}: {error}"
            yield from self._here(replace(draft.request, mode=LOCAL, mode_reason=reason, retry=True))

    def _here(self, request: Request) -> Pieces:
        return LocalMode(self._steps).answer(request)

    def _local_reply(self, request: Request) -> Reply:
        pieces = self._finish(self._here(request), request)
        return Reply(pieces, mode=request.mode, mode_reason=request.mode_reason)

    def _finish(self, pieces: Pieces, request: Request, draft: Draft | None = None) -> Pieces:
        """`pieces` as they are, or fitted to the user's style and filled where they want that."""
        if not wanted(request, self.parts):
            return pieces
        from persona_cli.finish.step import finished

        return finished(pieces, request, self._steps, draft)
