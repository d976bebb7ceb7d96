"""Pictures, sounds and papers that lie beside models.

Made with Pillow 13.0.0, matplotlib 3.11.2, soundfile 0.14, fpdf2 2.8.9, reportlab 5.1.0 and Python 3.11::

    python -m corpora.makers.companions
"""

from __future__ import annotations

from pathlib import Path

MADE = Path(__file__).parents[1] / "made" / "companions"


def main() -> None:
    """Write all of them."""
    import matplotlib as mpl
    import numpy as np
    import soundfile
    from fpdf import FPDF
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    MADE.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 255, (11, 13, 3), dtype=np.uint8))
    other = picture.rotate(90).resize(picture.size)
    for kind in ("png", "jpg", "gif", "webp", "bmp"):
        picture.save(MADE / f"picture.{kind}")
    for kind in ("png", "gif", "webp"):
        picture.save(MADE / f"animated.{kind}", save_all=True, append_images=[other])
    picture.convert("P").save(MADE / "palette.png")
    picture.convert("L").resize((40, 40)).save(MADE / "progressive.jpg", progressive=True)
    sound = random.normal(size=(900, 1)) * 0.1
    for kind in ("wav", "ogg", "mp3"):
        soundfile.write(MADE / f"sound.{kind}", sound, 16000)
    soundfile.write(MADE / "float.wav", sound[:200], 16000, subtype="FLOAT")
    plt.figure(figsize=(2, 1))
    plt.plot([1, 3, 2])
    plt.savefig(MADE / "plot.png", dpi=40)
    plt.savefig(MADE / "plot.pdf")
    page = FPDF()
    page.add_page()
    page.set_font("helvetica", size=12)
    page.cell(text="A model card")
    page.output(str(MADE / "fpdf.pdf"))
    canvas = Canvas(str(MADE / "reportlab.pdf"))
    canvas.drawString(100, 700, "A model card")
    canvas.save()


if __name__ == "__main__":
    main()
