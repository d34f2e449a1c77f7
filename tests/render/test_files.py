"""Tests of files that other programs open: size, resolution and profile are right."""

from __future__ import annotations

import io
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image, ImageCms

from perceptual_photomosaic.api import make_mosaic, open_plan
from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.files import replacing
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.render.pdf import pages
from perceptual_photomosaic.render.stream import write_mosaic
from perceptual_photomosaic.tiles.arrays import ArrayTiles

SIZE_PX = (320, 192)  # 20 x 16 cells of 16 x 12 px


@pytest.fixture
def choices() -> NDArray[np.int64]:
    return np.random.default_rng(3).integers(0, 24, (16, 20))


@pytest.fixture
def press(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return libvips' own CMYK profile as a file."""
    path = tmp_path_factory.mktemp("press") / "press.icc"
    path.write_bytes(pyvips.Image.profile_load("cmyk"))
    return path


def write(path: Path, tiles: ArrayTiles, choices: NDArray[np.int64], **wishes: object) -> Path:
    write_mosaic(path, check_output(path), tiles, choices, (16, 12), output=Output(**wishes))  # type: ignore[arg-type]
    return path


def said(*command: str | Path) -> str:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_pillow_finds_size_profile_and_resolution(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64], suffix: str
) -> None:
    down = 300 if suffix == ".jpg" else 200  # Pillow reads one number from a JPEG
    path = write(tmp_path / f"out{suffix}", tiles, choices, px_per_mm=(300 / 25.4, down / 25.4))
    with Image.open(path) as picture:
        assert picture.size == SIZE_PX
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        if suffix != ".webp":  # which has no place for it
            assert picture.info["dpi"] == pytest.approx((300, down), abs=0.6)
        picture.load()


@pytest.mark.parametrize("compression", ["deflate", "lzw", "jpeg", "none"])
def test_libtiff_reads_every_compression(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64], compression: str
) -> None:
    path = write(tmp_path / "out.tif", tiles, choices, compression=compression, px_per_mm=(150 / 25.4, 150 / 25.4))
    info = said("tiffinfo", path)
    assert "Image Width: 320 Image Length: 192" in info
    assert "Resolution: 150, 150 pixels/inch" in info
    assert "Tile Width: 256" in info
    words = {"deflate": "Deflate", "lzw": "LZW", "jpeg": "JPEG", "none": "None"}
    assert words[compression] in info
    if compression != "jpeg":
        read = pyvips.Image.new_from_file(str(path)).numpy()
        np.testing.assert_array_equal(read, hard_mosaic(tiles.pictures((16, 12)), choices))


def test_a_large_tiff_is_a_bigtiff_with_a_pyramid(tmp_path: Path) -> None:
    tiles = ArrayTiles(np.zeros((1, 64, 64, 3), np.uint8))
    path = tmp_path / "out.tif"
    write_mosaic(path, check_output(path), tiles, np.zeros((2, 130), int), (64, 64))
    with Image.open(path) as picture:
        assert picture.n_frames == pyvips.Image.new_from_file(str(path)).get("n-pages") > 3
    from perceptual_photomosaic.render.save import _options

    huge = _options(check_output(path), Output(), (40_000, 40_000))
    assert huge["bigtiff"]
    assert huge["pyramid"]


def test_cmyk_is_converted_and_carries_its_profile(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64], press: Path
) -> None:
    for suffix in (".tif", ".jpg"):
        with Image.open(write(tmp_path / f"out{suffix}", tiles, choices, cmyk=press)) as picture:
            assert picture.mode == "CMYK"
            assert picture.info["icc_profile"] == press.read_bytes()
    rgb = tmp_path / "rgb.icc"
    rgb.write_bytes(pyvips.Image.profile_load("srgb"))
    broken = tmp_path / "broken.icc"
    broken.write_bytes(b"no profile")
    for profile in (rgb, broken):
        with pytest.raises(OutputError, match="ICC profile"):
            write(tmp_path / "no.tif", tiles, choices, cmyk=profile)
    assert not (tmp_path / "no.tif").exists()


def test_deep_zoom_is_whole_and_replaces_an_older_one(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64]
) -> None:
    old = tmp_path / "out_files" / "99"
    old.mkdir(parents=True)
    path = write(tmp_path / "out.dzi", tiles, choices)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out.dzi", "out_files"]
    assert not old.exists()
    assert 'Width="320"' in path.read_text()
    levels = sorted(int(entry.name) for entry in (tmp_path / "out_files").iterdir() if entry.is_dir())
    assert levels == list(range(10))  # 2 ** 9 holds 320
    with Image.open(tmp_path / "out_files" / "9" / "0_0.jpg") as tile:
        exact = hard_mosaic(tiles.pictures((16, 12)), choices)[: tile.height, : tile.width]
        luma = [np.asarray(picture.convert("L")).ravel() for picture in (tile, Image.fromarray(exact))]
        assert np.corrcoef(*luma)[0, 1] > 0.98  # a JPEG of noise


def test_a_pdf_page_has_its_physical_size_boxes_and_marks(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64]
) -> None:
    path = write(tmp_path / "out.pdf", tiles, choices, px_per_mm=(1.6, 1.6), bleed_mm=3.0, marks=True)
    info = said("pdfinfo", "-box", path)
    boxes = {name: [float(x) for x in found.split()] for name, found in re.findall(r"(\w+)Box: +([\d. ]+)\n", info)}
    mm = {
        name: [round((b - a) * 25.4 / 72, 1) for a, b in zip(box[:2], box[2:], strict=True)]
        for name, box in boxes.items()
    }
    assert mm["Trim"] == [200, 120]
    assert mm["Bleed"] == [206, 126]
    assert mm["Media"] == [226, 146]
    said("pdftoppm", "-png", "-r", "40.64", "-singlefile", path, tmp_path / "page")  # 1.6 px per mm
    drawn = np.asarray(Image.open(tmp_path / "page.png").convert("RGB")).astype(int)
    inside = drawn[21:-21, 21:-21][: SIZE_PX[1], : SIZE_PX[0]]
    exact = hard_mosaic(tiles.pictures((16, 12)), choices)[: inside.shape[0], : inside.shape[1]]
    assert np.corrcoef(inside[::1].mean(axis=2).ravel(), exact.mean(axis=2).ravel())[0, 1] > 0.5
    corner = drawn[:16, :40].mean(axis=2)
    assert corner.min() < 230, "no marks in the corner"
    assert (corner > 250).mean() > 0.7


def test_the_jpeg_goes_into_the_pdf_untouched(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64], press: Path
) -> None:
    jpeg = write(tmp_path / "out.jpg", tiles, choices).read_bytes()
    assert jpeg in write(tmp_path / "out.pdf", tiles, choices, px_per_mm=None).read_bytes()
    listed = said("pdfimages", "-list", write(tmp_path / "press.pdf", tiles, choices, cmyk=press))
    assert "cmyk" in listed or "icc     4" in listed


def test_sheets_cover_the_poster_and_share_their_overlap(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64]
) -> None:
    wishes = Output(px_per_mm=(0.5, 0.5), sheets="A4", overlap_mm=10.0)  # 640 x 384 mm
    found = pages(SIZE_PX, wishes)
    seen = np.zeros(SIZE_PX[::-1], int)
    for page in found:
        left, top, right, bottom = page.window
        seen[top:bottom, left:right] += 1
        assert page.picture_mm[0] <= page.media_mm[0] - 12 + 2
        assert page.picture_mm[1] <= page.media_mm[1] - 12 + 2
    assert seen.min() == 1
    assert seen.max() == 4
    for before, after in itertools.pairwise(found):
        if before.window[1] == after.window[1]:
            assert (before.window[2] - after.window[0]) / 0.5 == pytest.approx(10, abs=4)
    path = write(tmp_path / "out.pdf", tiles, choices, px_per_mm=(0.5, 0.5), sheets="A4", overlap_mm=10.0)
    assert f"Pages:           {len(found)}" in said("pdfinfo", path)
    assert "sheet 1 of" in said("pdftotext", path, "-")
    with pytest.raises(OutputError, match="overlap"):
        pages(SIZE_PX, Output(px_per_mm=(0.5, 0.5), sheets="A8", overlap_mm=80.0))


def test_pages_beyond_what_pdf_and_jpeg_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="508"):
        pages((6000, 10), Output(px_per_mm=(1.0, 1.0)))
    tiles = ArrayTiles(np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(OutputError, match="65500"):
        check_output(tmp_path / "out.pdf", (70_000, 100))
    path = tmp_path / "out.pdf"
    wide = np.zeros((1, 8187), int)  # 65,496 px, and the bleed beyond
    with pytest.raises(OutputError, match="JPEG in a PDF"):
        write_mosaic(
            path, check_output(path), tiles, wide, (8, 8), output=Output(px_per_mm=(20.0, 20.0), bleed_mm=0.15)
        )
    narrow = np.zeros((2, 3), int)
    made = check_output(path)
    write_mosaic(tmp_path / "fits.pdf", made, tiles, narrow, (8, 8), output=Output(px_per_mm=(1.0, 1.0), bleed_mm=16))
    with pytest.raises(OutputError, match="a bleed of 17 mm is larger than the mosaic"):
        write_mosaic(path, made, tiles, narrow, (8, 8), output=Output(px_per_mm=(1.0, 1.0), bleed_mm=17))
    assert [entry.name for entry in tmp_path.iterdir()] == ["fits.pdf"]


@pytest.mark.parametrize(("suffix", "px"), [(".jpg", 65_500), (".webp", 16_383)])
def test_limits_of_formats_are_said_before_any_work(tmp_path: Path, suffix: str, px: int) -> None:
    check_output(tmp_path / f"out{suffix}", (px, 10))
    with pytest.raises(OutputError, match=rf"{px} px a side. Write .tif"):
        check_output(tmp_path / f"out{suffix}", (10, px + 1))


def test_a_poster_from_the_front_door(tmp_path: Path, target: NDArray[np.uint8]) -> None:
    notes: list[str] = []

    class Listening:
        def stage(self, title, total=None, unit=""):  # type: ignore[no-untyped-def]
            from perceptual_photomosaic.progress import SILENT

            return SILENT.stage(title, total, unit)

        def note(self, text: str) -> None:
            notes.append(text)

    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(12):
        value = np.full((40, 40, 3), number * 20, np.uint8)
        Image.fromarray(value).save(photos / f"{number}.png")
    options = MosaicOptions(size="30x20cm", dpi=100.0, columns=15, method="nearest")
    out = tmp_path / "poster.tif"
    mosaic = make_mosaic(target, str(photos), options, out=out, reporter=Listening())
    assert mosaic.size_px == (15 * 79, 10 * 79)
    with Image.open(out) as picture:
        assert picture.size == (1185, 790)
        assert [1185 / picture.info["dpi"][0] * 2.54, 790 / picture.info["dpi"][1] * 2.54] == pytest.approx(
            [30, 20], 1e-3
        )
    assert any("fewer pixels than the 79 x 79" in note for note in notes)
    mosaic.save_plan(tmp_path / "plan.json")
    again = open_plan(tmp_path / "plan.json", size="60x40cm", dpi=50.0)
    assert again.tile_px == (79, 79)
    assert open_plan(tmp_path / "plan.json").tile_px == (79, 79)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".dzi", ".pdf"])
def test_a_link_stays_and_what_it_points_to_is_written(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64], suffix: str
) -> None:
    (tmp_path / "disk").mkdir()
    place, link = tmp_path / "disk" / f"real{suffix}", tmp_path / f"link{suffix}"
    link.symlink_to(Path("disk") / place.name)
    sizes = []
    for _ in range(2):  # before there is anything at the other end, and over it
        write(link, tiles, choices)
        assert link.is_symlink()
        assert place.is_file()
        assert not place.is_symlink()
        sizes.append(place.stat().st_size)
        place.write_bytes(b"older")
    assert sizes[0] == sizes[1] > 100
    folders = {"real_files"} if suffix == ".dzi" else set()
    assert {path.name for path in place.parent.iterdir()} == {place.name} | folders
    assert {path.name for path in tmp_path.iterdir()} == {"disk", link.name}


def test_plans_and_previews_go_through_links_too(tmp_path: Path, target: NDArray[np.uint8]) -> None:
    mosaic = make_mosaic(target, "colours:8", columns=8)
    (tmp_path / "disk").mkdir()
    for name, save in (("plan.json", mosaic.save_plan), ("preview.png", mosaic.save_preview)):
        (tmp_path / name).symlink_to(tmp_path / "disk" / name)
        save(tmp_path / name)
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "disk" / name).is_file()


@pytest.mark.parametrize(
    ("target", "said"),
    [("out.png", "is a link that leads back to itself"), ("gone/out.png", "there is no folder '.*gone'")],
)
def test_a_link_to_nowhere_is_refused_before_any_work(tmp_path: Path, target: str, said: str) -> None:
    (tmp_path / "out.png").symlink_to(target)
    with pytest.raises(OutputError, match=said):
        check_output(tmp_path / "out.png")


def test_the_folder_of_a_deep_zoom_picture_may_be_a_link(
    tmp_path: Path, tiles: ArrayTiles, choices: NDArray[np.int64]
) -> None:
    (tmp_path / "disk" / "tiles").mkdir(parents=True)
    (tmp_path / "out_files").symlink_to("disk/tiles")
    for _ in range(2):
        write(tmp_path / "out.dzi", tiles, choices)
        assert (tmp_path / "out_files").is_symlink()
        assert (tmp_path / "disk" / "tiles" / "0").is_dir()
    assert {path.name for path in tmp_path.rglob("*") if path.name.startswith(".")} == set()


@pytest.fixture
def odd_folder(tmp_path: Path) -> Path:
    """Make a folder whose name is not UTF-8."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    return folder


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".dzi", ".pdf"])
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no names for open folders")
def test_a_folder_whose_name_is_not_utf8_is_written_into(
    tmp_path: Path, odd_folder: Path, tiles: ArrayTiles, choices: NDArray[np.int64], suffix: str
) -> None:
    plain = write(tmp_path / f"out{suffix}", tiles, choices)
    odd = Path(os.fsdecode(b"out\xe9" + suffix.encode()))
    for name in (Path(f"out{suffix}"), odd):
        place = odd_folder / name
        for _ in range(2):
            write(place, tiles, choices)
            assert place.read_bytes() == plain.read_bytes()
            if suffix == ".dzi":
                assert (odd_folder / f"{name.stem}_files" / "0" / "0_0.jpg").is_file()
    assert not [path for path in odd_folder.iterdir() if path.name.startswith(".")]


def test_such_a_folder_is_refused_before_any_work_where_it_cannot_be_written(
    odd_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "_OPEN_FOLDERS", Path("/nowhere"))
    with pytest.raises(OutputError, match=r"caf\\udce9/out.png': the name of its folder is not UTF-8. Choose another"):
        check_output(odd_folder / "out.png")
