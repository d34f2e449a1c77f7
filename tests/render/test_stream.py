"""Tests that the streamed mosaic equals the composed one in every pixel, and that a failed write leaves nothing."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.errors import OutputError, TileError
from perceptual_photomosaic.render import space, stream
from perceptual_photomosaic.render import tile_sheet as sheet_module
from perceptual_photomosaic.render.canvas import Canvas
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.render.stream import write_mosaic
from perceptual_photomosaic.render.tile_sheet import draw_sheet
from perceptual_photomosaic.tiles.arrays import ArrayTiles


def some_tiles(seed: int, count: int, size_px: tuple[int, int]) -> ArrayTiles:
    return ArrayTiles(np.random.default_rng(seed).integers(0, 256, (count, size_px[1], size_px[0], 3), np.uint8))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**16),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    size_px=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    suffix=st.sampled_from([".png", ".tif"]),
    spill=st.booleans(),
    shifted=st.booleans(),
)
def test_files_equal_the_mosaic_composed_in_memory(
    tmp_path: Path,
    seed: int,
    shape: tuple[int, int],
    size_px: tuple[int, int],
    suffix: str,
    spill: bool,
    shifted: bool,
) -> None:
    tiles = some_tiles(seed, 7, size_px)
    rng = np.random.default_rng(seed)
    choices = rng.integers(0, 7, shape)
    shifts = rng.normal(0, 40, (*shape, 3)).astype(np.float32) if shifted else None
    path = tmp_path / f"out{suffix}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "IN_MEMORY_BYTES", 0 if spill else 10**9)
        write_mosaic(path, check_output(path), tiles, choices, size_px, shifts=shifts)
    expected: np.ndarray = hard_mosaic(tiles.pictures(size_px), choices)
    if shifts is not None:
        spread = shifts.repeat(size_px[1], axis=0).repeat(size_px[0], axis=1)
        expected = np.clip(np.rint(expected + spread), 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    path.unlink()


def test_strips_thinner_than_a_tile_make_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perceptual_photomosaic.render.canvas._STRIP_BYTES", 5 * 3 * 4 * 50)
    tiles = some_tiles(1, 5, (50, 33))
    choices = np.random.default_rng(1).integers(0, 5, (3, 4))
    path = tmp_path / "out.png"
    write_mosaic(path, check_output(path), tiles, choices, (50, 33))
    np.testing.assert_array_equal(np.asarray(Image.open(path)), hard_mosaic(tiles.pictures((50, 33)), choices))


@settings(max_examples=60, deadline=None)
@given(
    edges=st.tuples(st.integers(-30, 40), st.integers(-30, 40), st.integers(1, 60), st.integers(1, 60)),
    strip=st.integers(1, 40),
)
def test_a_window_is_a_crop_of_the_mirrored_mosaic(edges: tuple[int, int, int, int], strip: int) -> None:
    tiles = some_tiles(2, 6, (8, 6))
    choices = np.random.default_rng(2).integers(0, 6, (6, 5))  # 40 x 36 px
    used, position = np.unique(choices, return_inverse=True)
    left, top = edges[:2]
    window = (left, top, min(70, left + edges[2]), min(66, top + edges[3]))
    sheet = draw_sheet(tiles, used, (8, 6), Path())
    canvas = Canvas(sheet, position.reshape(choices.shape), (8, 6), window=window)
    height = canvas.size_px[1]
    rows = [canvas.rows(start, min(start + strip, height)) for start in range(0, height, strip)]
    mirrored = np.pad(hard_mosaic(tiles.pictures((8, 6)), choices), ((30, 30), (30, 30), (0, 0)), "symmetric")
    expected = mirrored[window[1] + 30 : window[3] + 30, window[0] + 30 : window[2] + 30]
    np.testing.assert_array_equal(np.concatenate(rows), expected)


def test_an_old_file_is_replaced_only_by_a_whole_one(tmp_path: Path, tiles: ArrayTiles) -> None:
    class Failing(ArrayTiles):
        def pictures(self, size_px, choices=None, *, reporter=None):  # type: ignore[no-untyped-def]
            raise TileError("gone")

    path = tmp_path / "out.png"
    path.write_text("old")
    with pytest.raises(TileError, match="gone"):
        write_mosaic(path, check_output(path), Failing(tiles.pictures((4, 4))), np.zeros((2, 2), int), (4, 4))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".dzi", ".pdf"])
def test_a_canvas_that_fails_midway_leaves_nothing(
    tmp_path: Path, tiles: ArrayTiles, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Canvas.rows

    def rows(self: Canvas, top: int, bottom: int) -> np.ndarray:
        if top > 1000:
            raise KeyboardInterrupt
        return whole(self, top, bottom)

    monkeypatch.setattr(Canvas, "rows", rows)
    path = tmp_path / f"out{suffix}"
    choices = np.random.default_rng(0).integers(0, 24, (180, 20))
    with pytest.raises(KeyboardInterrupt):
        write_mosaic(path, check_output(path), tiles, choices, (16, 12))
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "photomosaic-write"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".dzi", ".pdf"])
def test_a_full_disk_leaves_nothing_and_is_said(tmp_path: Path, suffix: str, tiles: ArrayTiles) -> None:
    path = tmp_path / f"out{suffix}"
    choices = np.random.default_rng(0).integers(0, 24, (100, 90))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = 1_000 if suffix == ".dzi" else 200_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError, match=r"out\.\w+' cannot be written: .*It needs at most"):
            write_mosaic(path, check_output(path), tiles, choices, (16, 12))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_that_does_not_fit_is_said(tmp_path: Path, tiles: ArrayTiles) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(OutputError, match=r"no room for .* of tiles"):
            draw_sheet(tiles, np.arange(24), (16, 12), tmp_path, in_memory_bytes=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_too_little_space_is_said_before_anything_is_written(
    tmp_path: Path, tiles: ArrayTiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.png"
    choices = np.random.default_rng(0).integers(0, 24, (100, 90))  # 1440 x 1200: 5.2 MB raw, noise
    monkeypatch.setattr(space, "free_bytes", lambda folder: 2_000_000)
    with pytest.raises(OutputError, match=r"needs about \d\.\d MB, but 2\.0 MB are free"):
        write_mosaic(path, check_output(path), tiles, choices, (16, 12))
    assert list(tmp_path.iterdir()) == []
    flat = ArrayTiles(np.zeros((24, 12, 16, 3), np.uint8))  # would not fit raw, but compresses to little
    write_mosaic(path, check_output(path), flat, choices, (16, 12))
    assert path.stat().st_size < 100_000


def test_ctrl_c_stops_a_long_write_soon(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        import numpy as np
        from pathlib import Path
        from perceptual_photomosaic.render.formats import check_output
        from perceptual_photomosaic.render.stream import write_mosaic
        from perceptual_photomosaic.tiles.arrays import ArrayTiles
        tiles = ArrayTiles(np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3), np.uint8))
        path = Path(sys.argv[1])
        print("begin", flush=True)
        write_mosaic(path, check_output(path), tiles, np.zeros((2000, 800), int), (32, 32))
        """
    )
    path = tmp_path / "out.png"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        while not any(entry.stat().st_size > 10_000 for entry in tmp_path.iterdir()) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
        assert "KeyboardInterrupt" in process.stderr.read()
    assert process.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_in_a_file_leaves_no_name_behind(tmp_path: Path, tiles: ArrayTiles) -> None:
    sheet = draw_sheet(tiles, np.arange(24), (16, 12), tmp_path, in_memory_bytes=0)
    assert list(tmp_path.iterdir()) == []
    kept = draw_sheet(tiles, np.arange(24), (16, 12), tmp_path)
    for top, numbers in ((0, [3, 3, 0]), (5, [23])):
        rows = [np.empty((7, len(numbers), 48), np.uint8) for _ in range(2)]
        sheet.lay(np.array(numbers), top, rows[0])
        kept.lay(np.array(numbers), top, rows[1])
        np.testing.assert_array_equal(rows[0], rows[1])
    sheet.close()


def test_pictures_are_drawn_in_batches_each_once(
    tmp_path: Path, tiles: ArrayTiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Counting(ArrayTiles):
        def pictures(self, size_px, choices=None, *, reporter=None):  # type: ignore[no-untyped-def]
            asked.extend(choices or [])
            return super().pictures(size_px, choices, reporter=reporter)

    monkeypatch.setattr(sheet_module, "_BATCH_BYTES", 5 * 16 * 12 * 3)
    path = tmp_path / "out.png"
    choices = np.random.default_rng(0).integers(0, 24, (30, 30))
    write_mosaic(path, check_output(path), Counting(tiles.pictures((16, 12))), choices, (16, 12))
    assert sorted(asked) == list(range(24))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable_is_refused_before_any_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="not writable"):
        check_output(tmp_path / "out.png")


def test_output_wishes_that_a_format_cannot_meet_are_refused(tmp_path: Path) -> None:
    png, pdf = check_output(tmp_path / "a.png"), check_output(tmp_path / "a.pdf")
    for wish, made, words in (
        (Output(cmyk=tmp_path / "press.icc"), pdf, "no ICC profile"),
        (Output(quality=0), pdf, "from 1 to 100"),
        (Output(quality=80), png, "PNG loses nothing"),
        (Output(sheets="A4", bleed_mm=3), pdf, "sheets"),
    ):
        with pytest.raises(OutputError, match=words):
            wish.check(made, (4000, 3000))
