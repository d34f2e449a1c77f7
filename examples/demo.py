"""Three mosaics of one photo, and a sheet with all of them: `python examples/demo.py demo`.

The photo is NASA's portrait of Eileen Collins, which comes with scikit-image. It is rebuilt from letters, from emoji
and from patches of other photos; every time is printed. Nothing is downloaded.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pictures import sample
from PIL import Image, ImageDraw, ImageFont

from perceptual_photomosaic import Mosaic, make_mosaic
from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.tiles import default_cache_dir
from perceptual_photomosaic.view.folder import write_viewer

TARGET = sample("astronaut.png")

CUT = {
    "coffee.png": 20,
    "rocket.jpg": 20,
    "chelsea.png": 20,
    "motorcycle_left.png": 20,
    "ihc.png": 24,
    "hubble_deep_field.jpg": 32,
    "retina.jpg": 48,
}


def letters() -> Mosaic:
    """Make a mosaic of printable ASCII, each character and its paper in the colours of their cell."""
    return make_mosaic(TARGET, "glyphs", ink="duo", tile_size=33)


def emoji() -> Mosaic:
    """Make a mosaic of two thousand emoji."""
    return make_mosaic(TARGET, "emoji", columns=80, tile_size=24, cache=default_cache_dir())


def photos() -> Mosaic:
    """Make a mosaic of five thousand patches cut from seven other pictures."""
    tiles = [f"slices:{sample(name)},size={size}" for name, size in CUT.items()]
    return make_mosaic(TARGET, tiles, columns=80, tile_size=30)


def sheet(pictures: dict[str, Image.Image], side: int = 900, title: int = 40) -> Image.Image:
    """Draw the target and its mosaics, two by two, with their names."""
    page = Image.new("RGB", (2 * side, 2 * (side + title)), "white")
    pen = ImageDraw.Draw(page)
    for place, (name, picture) in enumerate(pictures.items()):
        left, top = place % 2 * side, place // 2 * (side + title)
        pen.text((left + 8, top + 8), name, fill="black", font=ImageFont.load_default(22))
        page.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (left, top + title))
    return page


def page(mosaic: Mosaic, folder: Path) -> str:
    """Make a page to zoom into; return a line with its place, or with the reason why there is none."""
    try:
        write_viewer(mosaic, folder, title="Eileen Collins")
    except OutputError as error:
        return f"no page to zoom into: {error}"
    return f"{folder / 'index.html'}: a page to zoom into; open it in a browser"


def main() -> None:
    """Make the three mosaics and the sheet in the folder named on the command line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    pictures = {"the photo": Image.open(TARGET).convert("RGB")}
    for name, recipe in {"letters": letters, "emoji": emoji, "photos": photos}.items():
        start = time.perf_counter()
        mosaic = recipe()
        path = folder / f"{name}.png"
        mosaic.write(path)
        width, height = mosaic.size_px
        print(
            f"{path}: {width} x {height} px, {mosaic.grid.num_cells} cells, {time.perf_counter() - start:.1f} s",
            flush=True,
        )
        if mosaic.tiles.licence:
            print(f"  {mosaic.tiles.licence}")
        if name == "photos":
            photographs = mosaic
        with Image.open(path) as picture:
            pictures[name] = picture.convert("RGB")
    start = time.perf_counter()
    sheet(pictures).save(folder / "sheet.png")
    print(f"{folder / 'sheet.png'}: the photo and all three, {time.perf_counter() - start:.1f} s")
    print(page(photographs, folder / "photos_view"))
    print(f"{time.perf_counter() - begin:.1f} s in all")


if __name__ == "__main__":
    main()
