"""Honest word vectors and classifiers of a few invented words, as fastText writes them.

Made with fastText 0.9.2 (fasttext-wheel): ``python -m corpora.makers.word_vectors``.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "fasttext"


def main() -> None:
    """Write all files."""
    import fasttext

    chance = random.Random(0)
    words = ["".join(chance.choices("abcdeghä", k=5)) for _ in range(320)]
    lines = [f"__label__{at % 3} {' '.join(chance.choices(words[at % 3 :: 3], k=8))}\n" for at in range(600)]
    MADE.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        text.writelines(lines)
        text.flush()
        common = {"dim": 4, "epoch": 2, "thread": 1, "verbose": 0}
        plain = fasttext.train_supervised(text.name, bucket=20, wordNgrams=2, **common)
        plain.save_model(str(MADE / "classifier.bin"))
        plain.quantize(input=text.name, qnorm=True, retrain=True, cutoff=280, dsub=3, verbose=0)
        plain.save_model(str(MADE / "pruned.ftz"))
        whole = fasttext.train_supervised(text.name, **common)
        whole.quantize(dsub=2, verbose=0)
        whole.save_model(str(MADE / "quantised.ftz"))
        vectors = fasttext.train_unsupervised(text.name, minCount=3, bucket=50, **common)
        vectors.save_model(str(MADE / "vectors.bin"))


if __name__ == "__main__":
    main()
