"""A helper in a process of a Ray cluster. Ray itself carries, stores and logs public keys and sealed bytes, no more.

The key is agreed on as the helper begins (X25519, RFC 7748; HKDF-SHA256, RFC 5869): it is made in the memory of both
and never sent. Who reads all that Ray moves or keeps learns nothing by it. Who may run code on the cluster could be a
helper; that is as with any cluster, and the user chooses theirs.

Nothing is raised in here: what Ray is told of an exception, it writes down.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from persona_cli.batch.carrying import Carrier
from persona_cli.batch.helping import KIT, Accident, Help, fingerprint, heard, told

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

JOINED = "joined"


class RayWorker:
    """Made a Ray actor by ray_bridge.py. A reply of no bytes means that it cannot go on."""

    def __init__(self) -> None:
        self._pair: X25519PrivateKey | None = None
        self._carrier: Carrier | None = None
        self._help: Help | None = None

    def hello(self) -> bytes:
        """The public half of a key pair that is made now."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        self._pair = X25519PrivateKey.generate()
        return self._pair.public_key().public_bytes_raw()

    def join(self, message: bytes) -> bytes:
        """`message`: the asker's public key, and behind it the sealed kit. Sealed: who this is (fingerprint)."""
        try:
            assert self._pair is not None
            self._carrier = agreed(self._pair, message[:32], self._pair.public_key().public_bytes_raw())
            self._pair = None
            kit = self._carrier.unpack(message[32:], KIT)
        except BaseException:
            return b""
        try:
            self._help = Help(kit, os.environ)
            return self._carrier.pack(fingerprint(self._help.parts), JOINED)
        except BaseException as error:
            return self._carrier.pack(Accident(told(error)), JOINED)

    def prepare(self, message: bytes) -> bytes:
        try:
            assert self._help is not None and self._carrier is not None
            return heard(self._help, self._carrier, message)
        except BaseException:
            return b""

    def close(self) -> None:
        """Remove what lies beside the memory of a server."""
        if self._help is not None:
            self._help.close()


def agreed(own: X25519PrivateKey, other: bytes, helper: bytes) -> Carrier:
    """The carrier under the key that both sides come to. `helper` is the public key of the one that helps."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    from persona_cli.privacy.crypto import KEY_BYTES, Seal

    secret = own.exchange(X25519PublicKey.from_public_bytes(other))
    key = HKDF(SHA256(), KEY_BYTES, salt=helper, info=b"persona batch on Ray 1").derive(secret)
    return Carrier(Seal(key))
