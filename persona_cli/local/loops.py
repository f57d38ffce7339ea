"""The end of an answer that has fallen into saying the same for ever, as a small model can."""

from __future__ import annotations

# Up to so many tokens, so many times over.
LONGEST = 4
TURNS = 6


class Loops:
    """Follows the tokens of one answer."""

    def __init__(self) -> None:
        self._latest: list[bytes] = []
        self._same = [0] * LONGEST

    def closes(self, text: bytes) -> bool:
        """Whether with `text`, its next token, the answer ends in one phrase said `TURNS` times over.

        A phrase without a letter or a digit is none: a line of dashes may be as long as it likes.
        """
        latest, same = self._latest, self._same
        looping = 0
        for index in range(LONGEST):
            if index < len(latest) and latest[-1 - index] == text:
                same[index] += 1
                if same[index] >= (index + 1) * (TURNS - 1):
                    looping = index + 1
            else:
                same[index] = 0
        latest.append(text)
        if len(latest) > LONGEST:
            del latest[0]
        return bool(looping) and any(
            character.isalnum() for character in b"".join(latest[-looping:]).decode("utf-8", "ignore")
        )
