"""Draw the pictures of docs/understand/method.md, from networks that this script trains.

    python examples/method.py WORK_DIR [--out docs/images/method] [--steps 300] [--quiet]

Three small networks are trained on four pictures that come with scikit-image, and the same pictures are shown: they
explain the training, not the quality on unknown pictures. It takes about five minutes on one core. After an
interruption, run it again; it continues. Pictures:

soft-hard.webp          the shipped emoji model: target, soft mosaic, hard mosaic, at 24 px a tile
temperature.webp        soft and hard mosaic at several steps of a run
temperature-curve.png   temperature and entropy over the steps of that run
scales.webp             two runs that differ only in the scales of their loss, seen near and from afar
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from skimage import data

from perceptual_photomosaic.models.mosaicnet import MosaicNet, hard_compose, soft_compose
from perceptual_photomosaic.models.store import load_model, match_tiles
from perceptual_photomosaic.models.template_tone import apply_tone
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles import Glyphs, TileOptions, open_tiles
from perceptual_photomosaic.training.checkpoint import list_checkpoints, read_checkpoint
from perceptual_photomosaic.training.data import to_tensor
from perceptual_photomosaic.training.settings import LIGHT_LOSS, TrainSettings, preset
from perceptual_photomosaic.training.trainer import Job, train

Picture = NDArray[np.uint8]

CHECKPOINTS = 20  # of the run with rising temperature
STAGES = (1, 3, 6, 10, 20)  # those shown
STROKES = " ▏▎▍▌▋▊▉█▁▂▃▄▅▆▇▖▗▘▙▚▛▜▝▞▟╱╲╳/\\|-_"
CELLS = 56
_GAP, _LABEL = 8, 22


def targets() -> dict[str, Picture]:
    """Return the central squares of the pictures, 56 cells of 8 px."""
    found = {}
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = Image.fromarray(getattr(data, name)())
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        box = (left, top, left + side, top + side)
        found[name] = np.asarray(picture.resize((CELLS * 8, CELLS * 8), Image.Resampling.LANCZOS, box=box))
    return found


def run(work: Path, name: str, settings: TrainSettings, reporter: Reporter) -> Path:
    """Train in WORK_DIR/NAME, or continue there; return the run folder."""
    folder = work / name
    train(Job(settings, folder, resume=True, notes="for docs/understand/method.md"), reporter=reporter)
    return folder


def sheet(rows: Sequence[Sequence[Picture]], labels: Sequence[str]) -> Image.Image:
    """Draw pictures in rows on white, with a label above each column."""
    widths = [max(row[i].shape[1] for row in rows) for i in range(len(labels))]
    heights = [max(picture.shape[0] for picture in row) for row in rows]
    size = (sum(widths) + _GAP * (len(widths) - 1), _LABEL + sum(heights) + _GAP * (len(rows) - 1))
    page = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(15)
    left = 0
    for i, label in enumerate(labels):
        draw.text((left, 1), label, fill="black", font=font)
        top = _LABEL
        for row, height in zip(rows, heights, strict=True):
            page.paste(Image.fromarray(row[i]), (left, top))
            top += height + _GAP
        left += widths[i] + _GAP
    return page


def as_pixels(mosaic: torch.Tensor) -> Picture:
    """Turn a picture, (1, 3, H, W), into uint8, (H, W, 3)."""
    pixels: Picture = mosaic[0].round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return pixels


@torch.no_grad()
def mosaics(net: MosaicNet, picture: Picture, temperature: float, tiles: torch.Tensor) -> tuple[Picture, Picture]:
    """Return the soft and the hard mosaic of tiles (T, 3, h, w)."""
    _, logits = net.decoder(net.encode(to_tensor([picture])))
    soft = soft_compose(net.coefficients(logits, temperature), tiles)
    return as_pixels(soft), as_pixels(hard_compose(logits.argmax(1), tiles))


def draw_soft_hard(picture: Picture) -> Image.Image:
    """Draw target, soft mosaic and hard mosaic of the shipped emoji model, half-way in its schedule of temperatures."""
    net, card = load_model("emoji")
    px = 24
    tiles = open_tiles(card.tiles, TileOptions(thumbnail_px=(8, 8)))
    choices = match_tiles(net, card, tiles.pictures((8, 8)), card.tiles)
    large = torch.from_numpy(tiles.pictures((px, px), choices.tolist())).permute(0, 3, 1, 2).float()
    low, high = (float(card.training[name]) for name in ("temperature", "final_temperature"))
    temperature = (low * high) ** 0.5
    soft, hard = mosaics(net, picture, temperature, large)
    shown = Image.fromarray(picture).resize(soft.shape[1::-1], Image.Resampling.LANCZOS)
    part = np.s_[: 24 * px, 12 * px : 36 * px]
    labels = ("target", f"soft mosaic, temperature {temperature:.0f}", "hard mosaic")
    return sheet([[np.asarray(shown)[part], soft[part], hard[part]]], labels)


def draw_temperature(folder: Path, picture: Picture) -> Image.Image:
    """Draw the soft (above) and the hard mosaic (below) at the run's checkpoints."""
    net, card = load_model(folder / "model.safetensors")
    at = {row["step"]: row["temperature"] for row in _figures(folder) if "temperature" in row}
    part = np.s_[: 36 * 8, 8 * 8 : 44 * 8]
    columns = [(apply_tone(picture, card.loss.tone)[part], picture[part])]
    labels = ["target, toned above"]
    found = list_checkpoints(folder / "checkpoints")
    for number in STAGES:
        state = read_checkpoint(found[number - 1])
        net.decoder.load_state_dict(state["decoder"])
        soft, hard = mosaics(net, picture, at[state["step"]], net.templates)
        columns.append((soft[part], hard[part]))
        labels.append(f"step {state['step']}, temperature {at[state['step']]:.0f}")
    return sheet(list(zip(*columns, strict=True)), labels)


def draw_curve(folder: Path, out: Path) -> None:
    """Plot temperature and entropy of the coefficients over the steps."""
    from matplotlib import pyplot

    rows = [row for row in _figures(folder) if "entropy" in row]
    steps = [row["step"] for row in rows]
    figure, left = pyplot.subplots(figsize=(7, 3.2))
    left.semilogy(steps, [row["temperature"] for row in rows], color="tab:red")
    left.set_xlabel("step")
    left.set_ylabel("temperature", color="tab:red")
    right = left.twinx()
    right.plot(steps, [row["entropy"] for row in rows], color="tab:blue")
    right.set_ylabel("entropy of a cell's coefficients, nats", color="tab:blue")
    right.set_ylim(bottom=0)
    figure.savefig(out, dpi=110, bbox_inches="tight", metadata={"Software": ""})
    pyplot.close(figure)


def _figures(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def draw_scales(folders: Sequence[Path], pictures: Sequence[Picture]) -> Image.Image:
    """Draw the target and the mosaics of the runs, and below each its blur by about half a cell, as seen from afar."""
    nets = [load_model(folder / "model.safetensors") for folder in folders]
    rows = []
    for picture in pictures:
        near = [apply_tone(picture, nets[0][1].loss.tone)]
        near += [mosaics(net, picture, 1.0, net.templates)[1] for net, _ in nets]
        far = [np.asarray(Image.fromarray(mosaic).filter(ImageFilter.GaussianBlur(5))) for mosaic in near]
        rows += [near, far]
    return sheet(rows, ["target, toned", "scales 0, 1, 2, 3", "scale 0 alone"])


def settings_of(folder: Path, steps: int) -> dict[str, TrainSettings]:
    """Return the settings of the three runs by name."""
    common = {"data": str(folder), "fit": 80, "fit_tone": True, "steps": steps, "checkpoint_every": steps}
    strokes = preset(
        "laptop", tiles=Glyphs(STROKES).spec, learning_rate=5e-5, temperature=10.0, final_temperature=150.0, **common
    )
    several = replace(LIGHT_LOSS, blur_sigmas=(1.5, 2.0, 2.0, 1.0), blur_windows=(7, 9, 9, 5))
    stages = common | {"checkpoint_every": max(1, steps // CHECKPOINTS), "keep_checkpoints": CHECKPOINTS + 1}
    return {
        "emoji": preset(
            "laptop",
            tiles="emoji:margin=keep",
            keep_tiles=200,
            learning_rate=2e-5,
            temperature=1.0,
            final_temperature=300.0,
            log_every=5,
            **stages,
        ),
        "several-scales": replace(strokes, loss=several),
        "one-scale": replace(strokes, loss=replace(several, scales=((0.0,),) * len(several.layers))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", metavar="WORK_DIR", type=Path, help="where the runs are kept")
    parser.add_argument("--out", type=Path, default=Path("docs/images/method"), help="where the pictures go")
    parser.add_argument("--steps", type=int, default=300, help="of each run")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args()
    pictures = targets()
    folder = options.work / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    reporter = SILENT if options.quiet else _reporter()
    runs = {
        name: run(options.work, name, settings, reporter)
        for name, settings in settings_of(folder, options.steps).items()
    }
    options.out.mkdir(parents=True, exist_ok=True)
    face = pictures["astronaut"]
    made = {
        "soft-hard": draw_soft_hard(face),
        "temperature": draw_temperature(runs["emoji"], face),
        "scales": draw_scales([runs["several-scales"], runs["one-scale"]], [face, pictures["chelsea"]]),
    }
    for name, image in made.items():
        image.save(options.out / f"{name}.webp", quality=75, method=6)
    draw_curve(runs["emoji"], options.out / "temperature-curve.png")
    for path in sorted(options.out.iterdir()):
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


def _reporter() -> Reporter:
    from perceptual_photomosaic.progress.shown import reporter_for

    return reporter_for(quiet=False)


if __name__ == "__main__":
    main()
