"""Check the built packages: that the wheel is complete, that the sdist builds the same wheel, and that the wheel works.

python scripts/check_wheel.py dist

The folder holds one sdist and the wheel that was built from it (make dist). The wheel is installed without extras into
an empty environment outside the checkout, and the commands run there on pictures made for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "perceptual_photomosaic"
VIEWER = f"{PACKAGE}/view/vendor/openseadragon/"
# Not in git: the viewer's script, which is fetched, with its licence, and the project's own licence.
ADDED = {f"{VIEWER}openseadragon.min.js", f"{VIEWER}LICENSE.txt", "dist-info/licenses/LICENSE"}


class CheckError(Exception):
    """A fault of the built packages."""


def main() -> int:
    """Check the packages in a folder; return the exit status."""
    if len(sys.argv) != 2:
        print("expected one folder with a wheel and an sdist: python scripts/check_wheel.py dist", file=sys.stderr)
        return 2
    try:
        wheel = find_wheel(Path(sys.argv[1]))
        check_contents(names_in(wheel), tracked_files())
        with tempfile.TemporaryDirectory(prefix="check-wheel-") as name:
            folder = Path(name).resolve()
            check_same(wheel, build_from_checkout(folder / "built"))
            check_use(install(wheel, folder / "env"), folder, version=wheel.name.split("-")[1])
    except CheckError as error:
        print(f"check_wheel: {error}", file=sys.stderr)
        return 1
    print(f"{wheel.name}: complete, the same from the sdist, and it works without the checkout")
    return 0


def find_wheel(dist: Path) -> Path:
    """Return the one wheel of a folder that also holds one sdist."""
    wheels, sdists = list(dist.glob("*.whl")), list(dist.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        raise CheckError(
            f"'{dist}' holds {len(wheels)} wheels and {len(sdists)} sdists, not one of each. Run make dist."
        )
    return wheels[0]


def names_in(wheel: Path) -> set[str]:
    """Return the names of a wheel's files, those of its metadata without the version."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    return {f"dist-info/{name.split('.dist-info/')[1]}" if ".dist-info/" in name else name for name in names}


def tracked_files() -> set[str]:
    """Return the names of the package's files that git tracks; all there are where this is no repository."""
    try:
        listed = run(["git", "ls-files", "-z", PACKAGE], ROOT / "src")
    except (CheckError, OSError):
        files = (path for path in (ROOT / "src" / PACKAGE).rglob("*") if path.is_file())
        names = {path.relative_to(ROOT / "src").as_posix() for path in files}
        return {name for name in names if "__pycache__" not in name and not name.startswith(VIEWER)}
    return set(listed.split("\0")) - {""}


def check_contents(names: AbstractSet[str], tracked: AbstractSet[str]) -> None:
    """Refuse a wheel that lacks a file, or holds an unknown one."""
    expected = tracked | ADDED
    if missing := sorted(expected - names):
        raise CheckError(f"the wheel lacks {', '.join(missing)}")
    if strange := sorted(name for name in names - expected if not name.startswith((VIEWER, "dist-info/"))):
        raise CheckError(f"the wheel holds what git does not track: {', '.join(strange)}")


def build_from_checkout(folder: Path) -> Path:
    """Build a wheel straight from the checkout."""
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    return next(folder.glob("*.whl"))


def check_same(wheel: Path, other: Path) -> None:
    """Refuse two wheels that differ in a file."""
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(other) as two:
        both = set(one.namelist()) & set(two.namelist())
        different = set(one.namelist()) ^ set(two.namelist())
        different |= {name for name in both if one.read(name) != two.read(name)}
    if different:
        raise CheckError(f"the sdist and the checkout build different wheels: {', '.join(sorted(different))}")


def install(wheel: Path, environment: Path) -> Path:
    """Install a wheel into a new environment; return the folder of its programs."""
    venv.create(environment)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(environment)]
    run([*pip, "install", "--no-compile", str(wheel.resolve())], environment)
    return environment / "bin"


def check_use(programs: Path, folder: Path, *, version: str) -> None:
    """Run the commands as a person does, and check the files that they write."""
    where = "import importlib.util as u; print(u.find_spec('perceptual_photomosaic').origin, u.find_spec('torch'))"
    origin, torch = run([str(programs / "python"), "-c", where], folder).split()
    expect(origin.startswith(str(programs.parent)), f"the package is imported from {origin}")
    expect(torch == "None", "the package without extras installs torch")
    photomosaic = partial(run_command, programs / "photomosaic", folder)

    write_pictures(folder)
    said = photomosaic("--version")
    expect(said == f"photomosaic {version}\n", f"--version says {said!r}, the wheel is {version}")
    photomosaic("make target.png --tiles holiday --columns 12 --tile-size 16 -o mosaic.png --plan plan.json")
    expect(width_of(folder / "mosaic.png") == 192, "make drew another size")
    photomosaic("make target.png --tiles glyphs --columns 40 -o letters.html")
    expect("<" in (folder / "letters.html").read_text(encoding="utf-8"), "make wrote no page of letters")
    photomosaic("render plan.json --tile-size 32 -o larger.tif")
    expect(width_of(folder / "larger.tif") == 384, "render drew another size")
    photomosaic("view plan.json -o page")
    for name in ("index.html", "data.js", "openseadragon/openseadragon.min.js", "openseadragon/LICENSE.txt"):
        expect((folder / "page" / name).is_file(), f"the page of view lacks {name}")
    photomosaic("library build my_library holiday")
    found = json.loads(photomosaic("library search my_library holiday/07.jpg --count 1 --json"))["found"]
    expect(Path(found[0]["path"]).name == "07.jpg", f"library search found {found} for holiday/07.jpg")
    photomosaic("make target.png --tiles my_library --columns 12 --tile-size 16 -o from_library.jpg")
    expect(width_of(folder / "from_library.jpg") == 192, "make drew another size from a library")


def write_pictures(folder: Path) -> None:
    """Write target.png, and forty photos of two colours each into holiday/."""
    gradient = Image.linear_gradient("L")
    Image.merge("RGB", [gradient, gradient.rotate(90), gradient.rotate(180)]).save(folder / "target.png")
    (folder / "holiday").mkdir()
    for number in range(40):
        photo = Image.new("RGB", (64, 48), (number * 37 % 256, number * 91 % 256, number * 151 % 256))
        photo.paste((number * 53 % 256, number * 17 % 256, 255 - number * 6), (0, 0, 8 + number, 48))
        photo.save(folder / "holiday" / f"{number:02}.jpg")


def width_of(picture: Path) -> int:
    """Return the width of a picture, after reading all of it."""
    with Image.open(picture) as opened:
        opened.load()
        return opened.width


def expect(holds: bool, fault: str) -> None:
    """Refuse with a fault unless something holds."""
    if not holds:
        raise CheckError(fault)


def run_command(program: Path, folder: Path, arguments: str) -> str:
    """Run photomosaic in a folder, with its own cache; return its output."""
    return run([str(program), *arguments.split()], folder, PHOTOMOSAIC_CACHE=str(folder / "cache"))


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Run a program and return its output; refuse where it fails."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # no PYTHONPATH
    done = subprocess.run(
        command, cwd=folder, env={**inherited, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CheckError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
