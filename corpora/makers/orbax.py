"""Checkpoints of Orbax, and arrays of Zarr 2 and 3.

Made with orbax-checkpoint 0.12.8, tensorstore 0.1.86, zarr 3.1.6, jax 0.10.2 and Python 3.11::

    JAX_PLATFORMS=cpu python -m corpora.makers.orbax
"""

from __future__ import annotations

import shutil
from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "orbax"


def main() -> None:
    """Write all of them."""
    import jax.numpy as jnp
    import orbax.checkpoint as ocp
    import zarr

    shutil.rmtree(MADE, ignore_errors=True)
    MADE.mkdir(parents=True)
    tree = {"a": jnp.arange(6.0).reshape(2, 3), "b": {"c": jnp.ones((4,), jnp.bfloat16)}, "step": 3}
    for kind in ("ocdbt", "zarr"):
        ocp.PyTreeCheckpointer(use_ocdbt=kind == "ocdbt").save(MADE / kind, tree)
    third = zarr.create_array(str(MADE / "v3.zarr"), shape=(5, 7), chunks=(4, 4), dtype="f4")
    third[:] = 1.5
    second = zarr.open_group(str(MADE / "v2.zarr"), mode="w", zarr_format=2)
    second.create_array("blosc", shape=(5,), chunks=(3,), dtype="f4")[:] = 2.5
    second.create_array("plain", shape=(3,), chunks=(3,), dtype="i8", compressors=None)[:] = [1, 2, 3]


if __name__ == "__main__":
    main()
