"""Vocabularies of SentencePiece.

Made with sentencepiece 0.2.3 and Python 3.11::

    python -m corpora.makers.sentencepiece
"""

from __future__ import annotations

import tempfile
from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "sentencepiece"


def main() -> None:
    """Write all of them."""
    import sentencepiece

    MADE.mkdir(parents=True, exist_ok=True)
    lines = [f"the model number {i} reads a line of {i * 7} words and says what it is" for i in range(300)]
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text")
        text.write_text("\n".join(lines))
        for kind, rule in (("bpe", "identity"), ("unigram", "nmt_nfkc"), ("char", "identity")):
            sentencepiece.SentencePieceTrainer.train(
                input=str(text), model_prefix=str(Path(folder, kind)), vocab_size=60, model_type=kind,
                normalization_rule_name=rule, byte_fallback=False, hard_vocab_limit=False,
                user_defined_symbols=["<a>"], self_test_sample_size=2 if kind == "bpe" else 0,
            )  # fmt: skip
            data = Path(folder, f"{kind}.model").read_bytes()
            if len(data) < 60_000:
                (MADE / f"{kind}.model").write_bytes(data)
            (MADE / f"{kind}.vocab").write_bytes(Path(folder, f"{kind}.vocab").read_bytes())


if __name__ == "__main__":
    main()
