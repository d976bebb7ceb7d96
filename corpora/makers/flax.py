"""Checkpoints of Flax and msgpack-numpy, and Orbax's directories.

Made with flax 0.12.8, jax 0.10.2, orbax-checkpoint 0.12.8, msgpack-numpy 0.4.8 and Python 3.11::

    python -m corpora.makers.flax
"""

from __future__ import annotations

from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "flax"


def main() -> None:
    """Write all of them."""
    import jax
    import jax.numpy as jnp
    import msgpack
    import msgpack_numpy
    import numpy as np
    from flax import linen, serialization

    MADE.mkdir(parents=True, exist_ok=True)
    net = linen.Sequential([linen.Dense(8), linen.relu, linen.Dense(3)])
    variables = net.init(jax.random.PRNGKey(0), jnp.ones((1, 4)))
    (MADE / "flax_model.msgpack").write_bytes(serialization.to_bytes(variables["params"]))
    mixed = {
        "bf": jnp.ones((2, 3), jnp.bfloat16),
        "f8": jnp.ones(3, jnp.float8_e4m3fn),
        "i4": jnp.ones(3, jnp.int4),
        "bool": np.array([True, False]),
        "empty": np.zeros((0, 3)),
        "scalar": np.float32(1.5),
        "complex": 1 + 2j,
        "step": 7,
        "rate": 0.1,
        "none": None,
        "name": "a model",
        "raw": b"bytes",
        "list": [np.arange(3), {"a": np.complex64(1)}],
    }
    (MADE / "mixed.msgpack").write_bytes(serialization.to_bytes(mixed))
    (MADE / "array.msgpack").write_bytes(serialization.to_bytes(np.arange(3)))
    serialization.MAX_CHUNK_SIZE = 16
    (MADE / "chunked.msgpack").write_bytes(serialization.to_bytes({"w": np.arange(10.0)}))
    packed = msgpack.packb({"w": np.ones((2, 2)), "n": np.int64(3), "c": 1j}, default=msgpack_numpy.encode)
    (MADE / "numpy.msgpack").write_bytes(packed)
    (MADE / "keys.msgpack").write_bytes(msgpack.packb({1: 2, 3: 4, 5: [6, 7.5, None]}, strict_types=True))


if __name__ == "__main__":
    main()
