"""The values of ``corpora.makers.tabular`` as skops archives: ``PYTHONPATH=. python corpora/makers/skops.py
OUT_DIRECTORY``.

corpora/made/skops was written with skops 0.5.0 (scikit-learn 1.1.3, ``old-``) and 0.10.0 (1.4.2, ``mid-``).
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path


def main(folder: Path) -> None:
    """Write what this version can."""
    import skops.io

    from corpora.makers import tabular

    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    for group in (tabular.estimators, tabular.composed, tabular.tables):
        for name, make in group():
            try:
                (folder / f"{name}.skops").write_bytes(skops.io.dumps(make()))
            except Exception as error:  # an estimator that this version cannot make or write
                print(f"{name}: {type(error).__name__}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
