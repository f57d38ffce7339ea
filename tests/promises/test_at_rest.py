"""Promise 4: after a whole day's use there is no private text in any file, and no file that others can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tests.installed import persona
from tests.servers import RecordingServer, stream_of

PRIVATE = ("Theodora Quigley", "hazelnut", "Brannigan", "Dear Theodora")


def test_no_plain_text_and_no_open_modes(tmp_path: Path) -> None:
    os.umask(0o022)
    home = Path(os.environ["PERSONA_HOME"])
    assert persona("profile", "set", "name", "Theodora Quigley").returncode == 0
    assert persona("memory", "add", "I am allergic to hazelnuts.").returncode == 0
    with RecordingServer(stream_of("Dear [PERSON_1], no hazelnuts.")) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        asked = "Write as Theodora Quigley to the caterer Tom Brannigan about my hazelnut allergy."
        assert persona("ask", asked, env=cloud).returncode == 0
    assert persona("ask", "--local", "-c", "Shorter, please.").returncode == 0
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes().lower()
        for text in PRIVATE:
            assert text.lower().encode() not in content, f"{text!r} is in {path}"
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for folder in [home, *(path for path in home.rglob("*") if path.is_dir())]:
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0, folder
