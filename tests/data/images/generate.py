"""Writes cmyk.jpg: quadrants of red, green, blue and white, in CMYK as Pillow (and Photoshop) store it.

python tests/data/images/generate.py      # Pillow 12
"""

from pathlib import Path

from PIL import Image

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def main() -> None:
    image = Image.new("RGB", (32, 32))
    for index, color in enumerate(COLORS):
        image.paste(color, (index % 2 * 16, index // 2 * 16, index % 2 * 16 + 16, index // 2 * 16 + 16))
    image.convert("CMYK").save(Path(__file__).with_name("cmyk.jpg"), quality=95)


if __name__ == "__main__":
    main()
