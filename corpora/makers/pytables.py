"""Tables of pandas and PyTables, whose attributes and rows hold pickles.

Made with pandas 3.1.1 and PyTables 3.11.1 in an environment of their own:

    python -m venv /tmp/tables && /tmp/tables/bin/pip install pandas tables
    PYTHONPATH=. /tmp/tables/bin/python -m corpora.makers.pytables
"""

from __future__ import annotations

from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "made" / "pytables"


def main() -> None:
    import numpy as np
    import pandas as pd
    import tables

    OUT.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"a": np.arange(5), "b": np.ones(5), "c": [f"x{n}" for n in range(5)]})
    frame.to_hdf(OUT / "pandas.h5", key="frame", complevel=5, complib="zlib")
    with tables.open_file(OUT / "objects.h5", "w") as file:
        held = file.create_array("/", "numbers", np.arange(4))
        held.attrs.settings = {"a": [1, 2.5], "b": None}
        rows = file.create_vlarray("/", "rows", tables.ObjectAtom(), filters=tables.Filters(5, "zlib"))
        rows.append({"a": 1})
        rows.append(np.arange(4))


if __name__ == "__main__":
    main()
