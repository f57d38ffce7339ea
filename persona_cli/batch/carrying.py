"""What goes between the process that asks the cloud and those that prepare requests for it: always sealed.

The seal's key is of one run. It hides, and it authenticates: what opens was made by a process of this run. So it may be
unpickled, and a body that a gate has cleared there counts as cleared here (privacy/gate.py).
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

from persona_cli.privacy.gate import Cleared, arrived, carried

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal


class Carrier:
    """Packs and unpacks objects under `seal`. `about` says what a message is, and has to be the same at both ends."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def pack(self, what: object, about: str) -> bytes:
        plain = io.BytesIO()
        _Pickler(plain, self._seal).dump(what)
        return self._seal.seal(plain.getvalue(), about.encode())

    def unpack(self, sealed: bytes, about: str) -> Any:
        """Raises StoreDamaged for what was not packed under this seal, or was packed as something else."""
        return _Unpickler(io.BytesIO(self._seal.open(sealed, about.encode())), self._seal).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, seal: Seal) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._seal = seal

    def persistent_id(self, item: object) -> bytes | None:
        return carried(item, self._seal) if isinstance(item, Cleared) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, seal: Seal) -> None:
        super().__init__(file)
        self._seal = seal

    def persistent_load(self, sealed: Any) -> Cleared:
        return arrived(sealed, self._seal)
