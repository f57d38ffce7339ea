"""Why a request is answered in the mode it is, in the words that the user reads."""

from __future__ import annotations

from typing import Final

AS_ASKED: Final = "as you asked"
BY_SETTING: Final = "the setting answer.mode"
NO_CLOUD: Final = "no cloud is configured"
GOES_ON: Final = "it goes on from what was answered on this machine"
CLOUD_FAILED: Final = "the cloud failed"
