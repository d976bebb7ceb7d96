"""Tables as data sets keep them, and one with a pickled type.

Made with pyarrow 26.0.1, pandas 3.1.1 and Python 3.11; the hostile one is written through the schema's metadata::

    python -m corpora.makers.tables
"""

from __future__ import annotations

from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "tables"
PICKLED_CALL = b"cos\ngetcwd\n(tR."


def main() -> None:
    """Write all of them."""
    import pyarrow as pa
    from pyarrow import feather, parquet

    MADE.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {"id": range(40), "text": [f"line {i}" for i in range(40)], "x": [[i * 0.5] * 2 for i in range(40)],
         "kind": pa.array(["a", "b"] * 20).dictionary_encode()},
        metadata={"huggingface": '{"info": {"features": {}}}'},
    )  # fmt: skip
    parquet.write_table(table, MADE / "snappy.parquet", row_group_size=15)
    parquet.write_table(table, MADE / "indexed.parquet", compression="zstd", write_page_index=True,
                        write_page_checksum=True, data_page_version="2.0")  # fmt: skip
    feather.write_feather(table, MADE / "table.feather")
    with pa.OSFile(str(MADE / "stream.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=15)
    kind = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": PICKLED_CALL}
    hostile = pa.schema([pa.field("x", pa.int8(), metadata=kind)])
    rows = pa.record_batch([pa.array([1], pa.int8())], schema=hostile)
    with pa.OSFile(str(MADE / "pickled.arrow"), "wb") as sink, pa.ipc.new_file(sink, hostile) as writer:
        writer.write_batch(rows)
    parquet.write_table(pa.Table.from_batches([rows]), MADE / "pickled.parquet")


if __name__ == "__main__":
    main()
