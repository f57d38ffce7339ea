"""Of the openai SDK only what a request needs is loaded, and all of it is there for whoever asks for it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import json, sys
{before}
from persona_cli.cloud import sdk
here = sorted(name for name in sys.modules if name.partition(".")[0] in ("openai", "aiohttp"))
import openai
import openai.types.chat
from openai.types.shared import Metadata
same = [getattr(openai, name) is getattr(sdk, name) for name in sdk.__all__]
whole = [openai.AsyncOpenAI.__name__, openai.types.Batch.__name__, openai.types.chat.ChatCompletionChunk.__name__]
missing = [hasattr(openai, "no_such_name"), hasattr(openai.types, "NoSuchType")]
client = openai.OpenAI(api_key="none").chat.completions
print(json.dumps([here, same, whole, missing, type(client).__name__, sys.modules.get("aiohttp", "not there") is None]))
"""


def run(before: str = "") -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{before}", before)], check=True, capture_output=True, text=True
    )
    found: list[Any] = json.loads(done.stdout)
    return found


def test_a_request_loads_a_small_part_of_it() -> None:
    here, *_ = run()
    assert "openai._client" in here
    assert len(here) < 100
    assert not [name for name in here if name.startswith(("openai.types.responses", "aiohttp"))]


def test_whoever_imports_it_afterwards_has_all_of_it_with_the_same_classes() -> None:
    _, same, whole, missing, client, aiohttp_hidden = run()
    assert all(same)
    assert whole == ["AsyncOpenAI", "Batch", "ChatCompletionChunk"]
    assert missing == [False, False] and client == "Completions"
    assert not aiohttp_hidden


def test_where_it_was_imported_before_it_is_used_as_it_is() -> None:
    here, same, *_ = run("import openai")
    assert len(here) > 300 and all(same)


TOLD = """
from importlib.metadata import version
from persona_cli.cloud import sdk
import openai
assert openai.__version__ == version("openai")
from openai.types.shared import *
from openai import *
assert AsyncOpenAI is openai.AsyncOpenAI and OpenAI is sdk.OpenAI and not hasattr(openai, "__no_such__")
"""


def test_what_the_package_itself_tells_is_there_too() -> None:
    """A user's own functions (--functions) may ask for the version, or import all its names."""
    subprocess.run([sys.executable, "-c", TOLD], check=True)


# One look at a module of the SDK fails, as if this release had none of that name.
MOVED = """
class Moved:
    left = 1
    def find_spec(self, name, path=None, target=None):
        if name == "openai._streaming" and self.left:
            self.left = 0
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Moved())
"""


def test_where_a_release_is_laid_out_otherwise_the_whole_of_it_is_loaded() -> None:
    here, same, whole, _, client, aiohttp_hidden = run(MOVED)
    assert len(here) > 300 and all(same) and client == "Completions"
    assert whole == ["AsyncOpenAI", "Batch", "ChatCompletionChunk"]
    assert not aiohttp_hidden
