"""The openai SDK, and of it only what a request needs.

`import openai` runs 470 modules that describe every answer of every OpenAI service, and looks for aiohttp: .7 s of CPU,
of which a request needs .15. Here the packages of the SDK are there at once and run their `__init__` when somebody asks
for a name that is no module of theirs. So `import openai` anywhere else in the process still gives the whole of it, and
its classes are the same ones. Imported only where it is used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any, Final

# Whose `__init__` imports much; parents first.
_LATER: Final = ("openai", "openai.lib", "openai.types", "openai.types.chat", "openai.types.shared")
# Names like a module's own that only the `__init__` knows.
_TOLD: Final = ("__version__", "__title__", "__all__")
# What the SDK uses where it is installed, for clients that persona has not got.
_UNUSED: Final = "aiohttp"


class _Later(ModuleType):
    """A package that runs its `__init__` when it is first asked for what is none of its modules."""

    __spec__: ModuleSpec

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        file = str(folder / "__init__.py")
        loader = SourceFileLoader(name, file)
        self.__loader__ = loader
        self.__spec__ = ModuleSpec(name, loader, origin=file, is_package=True)
        self.__spec__.submodule_search_locations = [str(folder)]
        self.__spec__.has_location = True
        self.__file__, self.__path__, self.__package__ = file, [str(folder)], name
        self._running = RLock()
        self._ran = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _TOLD:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        if name not in _TOLD and find_spec(f"{self.__name__}.{name}"):
            return import_module(f"{self.__name__}.{name}")
        with self._running:
            if not self._ran:
                self._ran = True
                loader = self.__spec__.loader
                assert loader is not None
                loader.exec_module(self)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'") from None


def _put_off() -> None:
    """Have the packages of the SDK wait, where nobody has imported it yet."""
    if _LATER[0] in sys.modules:
        return
    whole = find_spec(_LATER[0])
    if whole is None or not whole.submodule_search_locations:
        return
    top = Path(next(iter(whole.submodule_search_locations)))
    for name in _LATER:
        folder = top.joinpath(*name.split(".")[1:])
        if not (folder / "__init__.py").is_file():
            continue
        parent, _, last = name.rpartition(".")
        sys.modules[name] = package = _Later(name, folder)
        if parent:
            setattr(sys.modules[parent], last, package)


_put_off()
_absent = _UNUSED not in sys.modules
if _absent:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # an import of it fails as if it were not installed
try:
    # As names of the modules that define them: asked of the package itself they would run all of it.
    from openai._client import OpenAI
    from openai._exceptions import APIConnectionError, APIError, APIStatusError, OpenAIError
    from openai._streaming import Stream
except (ImportError, AttributeError):  # a release that is laid out otherwise: the whole of it, then
    for _name in [name for name in sys.modules if name.split(".")[0] == _LATER[0]]:
        del sys.modules[_name]
    from openai import APIConnectionError, APIError, APIStatusError, OpenAI, OpenAIError, Stream
finally:
    if _absent:
        del sys.modules[_UNUSED]

__all__ = ["APIConnectionError", "APIError", "APIStatusError", "OpenAI", "OpenAIError", "Stream"]
