"""A secret rotation of the vectors, so that they cannot be read back into text.

A sentence's embedding gives much of the sentence away (Morris et al. 2023, "Text Embeddings Reveal (Almost) As Much As
Text"), and Chroma keeps vectors as they are. A rotation that follows from the user's key changes no cosine, so search
finds the same; an inversion model trained on the encoder's space meets another space. It is no encryption: who also has
some hundreds of the texts that belong to the vectors can solve for the rotation.
"""

from __future__ import annotations

from hashlib import shake_256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What the secret rotation follows from, by the key.
TURN = "memory: rotation of the vectors, 1"


def secret_rotation(seed: bytes, dimension: int) -> NDArray[np.float32]:
    """An orthogonal matrix, float32 [dimension, dimension], that follows from `seed` alone.

    QR of a Gaussian matrix, with the signs of R's diagonal moved into Q: uniform over all rotations (Mezzadri 2007,
    "How to generate random matrices from the classical compact groups", §5), and the same on every machine.
    """
    import numpy as np

    size = dimension * dimension
    bits = np.frombuffer(shake_256(seed).digest(8 * size), "<u4").reshape(2, size)
    first, second = (bits + 0.5) / 2**32
    gaussian = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)  # Box and Muller 1958
    q, r = np.linalg.qr(gaussian.reshape(dimension, dimension))
    turned: NDArray[np.float32] = (q * np.sign(np.diag(r))).astype(np.float32)
    return turned
