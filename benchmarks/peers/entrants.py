"""The entrants of the comparison: the peers, their installation, and the settings that give their best fidelity."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from PIL import Image

from benchmarks.common import ROOT, our_program

__all__ = ["CELL_PX", "ENTRANTS", "RUNNERS", "Entrant", "Job", "install"]

RUNNERS = Path(__file__).resolve().parent / "runners"
CELL_PX = 32
INSTALL = {  # environment -> packages for pip; older numpy where the peer calls functions that numpy 2.0 removed
    "mosaicraft": ["mosaicraft[faiss]==0.4.2"],
    "phomo": ["phomo==1.2.0"],
    "photomosaic": ["photomosaic==0.3.1", "numpy<2"],
    "photomosaic-video": ["photomosaic-video==0.1.0"],
}


@dataclass(frozen=True)
class Job:
    """One mosaic to make."""

    target: Path  # a PNG of the grid's aspect
    tiles: Path
    out: Path
    columns: int
    rows: int
    work: Path  # .benchmarks

    def copies_for(self, tiles_per_cell: int, variants: int) -> int:
        """Return the number of copies of each tile that gives about so many tiles per cell, counting variants."""
        num_tiles = sum(1 for _ in self.tiles.iterdir())
        return max(1, tiles_per_cell * self.columns * self.rows // (num_tiles * variants))

    def copies(self, times: int) -> Path:
        """Make a folder that links to every tile `times` times."""
        folder = self.work / "copies" / f"{self.tiles.name}-x{times}"
        if not folder.is_dir():
            folder.mkdir(parents=True)
            for tile in sorted(self.tiles.iterdir()):
                for number in range(times):
                    (folder / f"{tile.stem}-{number}{tile.suffix}").symlink_to(tile.resolve())
        return folder


Commands = Callable[[Job], list[list[str]]]


@dataclass(frozen=True)
class Entrant:
    """One tool at one setting.

    Attributes:
        name: Its name in tables.
        peer: Its environment; "" is ours, "apt" the system.
        uses: "free", or the most uses of one tile.
        tiles: "as is", or the change that the tool makes to them.
        settings: Its settings in words, for the table.
        commands: The processes to run, one after the other.
    """

    name: str
    peer: str
    uses: str
    tiles: str
    settings: str
    commands: Commands = field(repr=False)


def in_environment(peer: str, job: Job, program: str) -> str:
    return str(job.work / "venvs" / peer / "bin" / program)


def runner(peer: str, script: str, *options: str, copies: int | Callable[[Job], int] = 1) -> Commands:
    """Return commands that call one of peers/runners/run_*.py inside the peer's environment."""

    def commands(job: Job) -> list[list[str]]:
        times = copies if isinstance(copies, int) else copies(job)
        tiles = job.tiles if times == 1 else job.copies(times)
        shape = ["--columns", str(job.columns), "--rows", str(job.rows), "--cell-px", str(CELL_PX)]
        python = in_environment(peer, job, "python")
        return [[python, str(RUNNERS / script), str(job.target), str(tiles), str(job.out), *shape, *options]]

    return commands


def phomo(*options: str, cell_px: int = 16) -> Commands:
    """Call phomo, which compares all pixels of all tiles: with 16 px per cell, the finest view, it stays affordable.

    Smaller tiles are darker where letters are thin, because all tools shrink sRGB values directly; the others have the
    same `cell_px`. With --greedy and no limit, each cell gets the tile nearest to it.
    """

    def commands(job: Job) -> list[list[str]]:
        size = ["-s", str(job.columns * cell_px), str(job.rows * cell_px), "-S", str(cell_px), str(cell_px)]
        if "-n" not in options:
            size += ["-n", str(job.columns * job.rows)]
        program = in_environment("phomo", job, "phomo")
        return [[program, str(job.target), str(job.tiles), "-o", str(job.out), *size, *options]]

    return commands


def metapixel(*options: str, distance: int = 0) -> Commands:
    """Call metapixel with a smallest distance of copies (its default is 5); preparing the tiles is part of the work."""

    def commands(job: Job) -> list[list[str]]:
        library = job.out.with_suffix(".library")
        shutil.rmtree(library, ignore_errors=True)
        library.mkdir(parents=True)
        size = [f"--width={CELL_PX}", f"--height={CELL_PX}"]
        with Image.open(job.target) as target:
            scale = job.columns * CELL_PX / target.width
        draw = [
            "metapixel",
            "--library",
            str(library),
            *size,
            f"--scale={scale:.9f}",
            f"--distance={distance}",
            *options,
        ]
        return [
            ["metapixel-prepare", *size, str(job.tiles), str(library)],
            [*draw, "--metapixel", str(job.target), str(job.out)],
        ]

    return commands


def ours(*options: str) -> Commands:
    """Call the `photomosaic` beside this Python, without its cache."""

    def commands(job: Job) -> list[list[str]]:
        shape = ["--columns", str(job.columns), "--rows", str(job.rows), "--tile-size", str(CELL_PX)]
        make = [our_program(), "make", str(job.target), "--tiles", str(job.tiles)]
        return [[*make, *shape, "--no-cache", "-o", str(job.out), *options]]

    return commands


def photomosaic() -> Commands:
    return runner("photomosaic", "run_photomosaic.py")


def mosaicraft(*options: str, copies: int = 1) -> Commands:
    return runner("mosaicraft", "run_mosaicraft.py", *options, copies=copies)


DIFFUSED = ("--placement", "faiss_diffusion")
NEAREST = (*DIFFUSED, "--diffusion", "0")
AS_IS, SMALL = "as is", "as is, at 16 px"
TURNED, CHANGED = "rotated, mirrored", "mirrored, brightened"
VARIANTS = ("--variants", "rotate,flip")
FOR_COLOUR = (  # for letters: almost only colour counts, as it does for photomosaic
    "colour8=1,colour4=2,colour2=0.5,colour1=3,colour_half=1,colour_quarter=0.6,gradient8=0,contrast8=0,"
    "seams4=0,seams1=0,structure8=0.14,structure4=0.04,structure2=0.03,structure1=0.03,structure1_luma=0.005,"
    "structure_half=0.01,structure_quarter=0.012"
)

ENTRANTS = (
    Entrant("ours", "", "free", AS_IS, "defaults", ours()),
    Entrant("ours, variety 0", "", "free", AS_IS, "variety 0", ours("--variety", "0")),
    Entrant("ours, distance 5", "", "5 apart", AS_IS, "min-distance 5", ours("--min-distance", "5")),
    Entrant("ours, near", "", "free", AS_IS, "viewing near", ours("--viewing", "near")),
    Entrant("ours, far", "", "free", AS_IS, "viewing far", ours("--viewing", "far")),
    Entrant(
        "ours, for colour",
        "",
        "free",
        AS_IS,
        "viewing far, weights for colour",
        ours("--viewing", "far", "--weights", FOR_COLOUR),
    ),
    Entrant("ours, variants", "", "free", TURNED, "variants rotate,flip", ours(*VARIANTS)),
    Entrant(
        "ours, variants, far",
        "",
        "free",
        TURNED,
        "variants rotate,flip, viewing far",
        ours(*VARIANTS, "--viewing", "far"),
    ),
    Entrant(
        "ours, variants, 20 uses",
        "",
        "20",
        TURNED,
        "variants rotate,flip, 20 uses",
        ours(*VARIANTS, "--max-uses", "20"),
    ),
    Entrant("ours, 5 uses", "", "5", AS_IS, "max-uses 5", ours("--max-uses", "5")),
    Entrant("mosaicraft", "mosaicraft", "free", AS_IS, "FAISS, radius 0, no diffusion", mosaicraft(*NEAREST)),
    Entrant("mosaicraft, diffused", "mosaicraft", "free", AS_IS, "FAISS, radius 0", mosaicraft(*DIFFUSED)),
    Entrant(
        "mosaicraft, changed tiles",
        "mosaicraft",
        "free",
        CHANGED,
        "FAISS, radius 0, no diffusion",
        mosaicraft(*NEAREST, "--augment"),
    ),
    Entrant(
        "mosaicraft, changed tiles, diffused",
        "mosaicraft",
        "free",
        CHANGED,
        "FAISS, radius 0",
        mosaicraft(*DIFFUSED, "--augment"),
    ),
    Entrant(
        "mosaicraft, 5 uses",
        "mosaicraft",
        "5",
        AS_IS,
        "Hungarian, each tile 5 times in the folder",
        mosaicraft("--placement", "hungarian", copies=5),
    ),
    Entrant("phomo", "phomo", "free", SMALL, "-m norm --greedy", phomo("-m", "norm", "--greedy")),
    Entrant(
        "phomo, 32 px",
        "phomo",
        "free",
        AS_IS,
        "-m norm --greedy, at the size of the others",
        phomo("-m", "norm", "--greedy", cell_px=CELL_PX),
    ),
    Entrant("phomo, luv", "phomo", "free", SMALL, "-m luv_approx --greedy", phomo("-m", "luv_approx", "--greedy")),
    Entrant("phomo, 5 uses", "phomo", "5", SMALL, "-m norm -n 5", phomo("-m", "norm", "-n", "5")),
    Entrant("photomosaic", "photomosaic", "free", AS_IS, "all pixels, palette kept", photomosaic()),
    Entrant("metapixel", "apt", "free", AS_IS, "subpixel, distance 0", metapixel("--metric=subpixel")),
    Entrant("metapixel, default", "apt", "5 apart", AS_IS, "subpixel", metapixel("--metric=subpixel", distance=5)),
    Entrant("metapixel, wavelet", "apt", "free", AS_IS, "wavelet, distance 0", metapixel("--metric=wavelet")),
    Entrant(
        "photomosaic-video",
        "photomosaic-video",
        "many",
        CHANGED,
        "folder with copies, about 9 tiles per cell",
        runner("photomosaic-video", "run_photomosaic_video.py", copies=lambda job: job.copies_for(9, 4)),
    ),
)


def install(work: Path) -> dict[str, str]:
    """Install every peer that is not installed yet.

    Returns:
        Version of each, or the reason why it is skipped: "skipped: ...".
    """
    versions = {}
    for peer, requirements in INSTALL.items():
        folder = work / "venvs" / peer
        python = folder / "bin" / "python"
        marker = folder / "installed.txt"
        wanted = " ".join(requirements)
        if not marker.is_file() or marker.read_text() != wanted:
            print(f"installing {peer} ...", flush=True)
            pip = [str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), *requirements]
            try:
                subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
                subprocess.run(pip, check=True, capture_output=True, text=True)
            except subprocess.CalledProcessError as error:
                versions[peer] = f"skipped: {(error.stderr or str(error)).strip().splitlines()[-1]}"
                continue
            marker.write_text(wanted)
        show = f"from importlib.metadata import version; print(version({peer!r}))"
        shown = subprocess.run([str(python), "-c", show], capture_output=True, text=True, check=True)
        versions[peer] = shown.stdout.strip()
    if shutil.which("metapixel-prepare") and shutil.which("metapixel"):
        shown = subprocess.run(["metapixel", "--version"], capture_output=True, text=True, check=False).stdout
        versions["apt"] = shown.split("\n")[0].removeprefix("metapixel ")
    else:
        versions["apt"] = "skipped: metapixel is not installed (apt-get install metapixel)"
    versions[""] = metadata.version("perceptual-photomosaic")
    return versions
