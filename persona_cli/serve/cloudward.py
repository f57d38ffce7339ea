"""The cloud of a request that is served: while it is waited for, others have the models; and it can be hung up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from persona_cli.cloud.client import Cloud
from persona_cli.errors import CloudError
from persona_cli.parts import Parts

if TYPE_CHECKING:
    from persona_cli.cloud.lines import Lines
    from persona_cli.privacy.gate import Cleared
    from persona_cli.serve.turn import Turn


@dataclass
class Way:
    """The way of one request out of the server: its `turn` at the models, the `lines` to clouds that it may use, and
    `at_end`, which is given what is to be done when nobody waits any more as long as its context is open.

    `pause` waits so many seconds, or until nobody does. `key` is the key where the client has found it. `after_answer`
    and `after_failure`: whether the models are needed once the cloud has answered, or has failed.
    """

    turn: Turn
    lines: Lines
    at_end: Callable[[Callable[[], None]], AbstractContextManager[None]]
    pause: Callable[[float], None]
    key: str | None = None
    after_answer: bool = True
    after_failure: bool = True


@dataclass(frozen=True)
class ServedParts(Parts):
    """The parts of one request in a server."""

    way: Way | None = None

    @classmethod
    def of(cls, parts: Parts, way: Way) -> ServedParts:
        """`parts`, with all that is open in it."""
        made = cls(parts.env, parts.folders, parts.settings, parts.reading, parts.unlogged, way)
        names = parts.__dataclass_fields__
        made.__dict__.update({name: part for name, part in parts.__dict__.items() if name not in names})
        return made

    @cached_property
    def cloud(self) -> Cloud:
        from persona_cli.secrets import find_key

        assert self.way is not None
        key = self.way.key
        found = key if key is not None else find_key(self.settings.cloud, self.env, folders=self.folders)
        return MeanwhileCloud(self, found, self.way)


class MeanwhileCloud(Cloud):
    """See Cloud."""

    def __init__(self, parts: Parts, key: str | None, way: Way) -> None:
        super().__init__(parts.settings.cloud, key, env=parts.env)
        self._parts = parts
        self._found = key
        self._way = way

    def stream(self, cleared: Cleared, tools: bool = False) -> Generator[str, None, None]:
        way, settings = self._way, self._parts.settings.cloud
        way.turn.check()
        way.turn.give_back()
        try:
            with way.lines.borrowed(settings, self._found, self._parts.env, way.pause) as (cloud, line):
                try:
                    with way.at_end(line.hang_up), closing(cloud.stream(cleared, tools)) as pieces:
                        yield from pieces
                finally:
                    self.cut_short, self.usage, self.calls = cloud.cut_short, cloud.usage, cloud.calls
                    self.finish, self.told = cloud.finish, cloud.told
        except CloudError:
            way.turn.check()  # a line that was cut here is no failure of the cloud's
            if way.after_failure:
                way.turn.take()
            raise
        if way.after_answer:
            way.turn.take()
