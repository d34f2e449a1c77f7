"""Tests of the thumbnail cache: it saves reading, and survives damage, sharing, kills, full disks and no rights."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from perceptual_photomosaic.tiles import Photos, TileOptions, default_cache_dir
from perceptual_photomosaic.tiles.cache import Thumbnail, ThumbnailCache
from perceptual_photomosaic.tiles.walk import PhotoFile

from .conftest import Heard, Write


@pytest.fixture
def options(tmp_path: Path) -> TileOptions:
    return TileOptions(cache=tmp_path / "cache")


def store(options: TileOptions) -> Path:
    assert options.cache is not None
    return options.cache / "thumbnails.sqlite"


def test_a_warm_start_reads_no_photo(
    album: Path, options: TileOptions, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    (album / "bad.jpg").write_text("text")
    cold = Photos(album, options, reporter=heard)
    assert heard.stages == [("reading photos", 8)]
    assert heard.done == 8

    def refuse(path: str) -> bytes:
        raise AssertionError(path)

    monkeypatch.setattr("perceptual_photomosaic.tiles.photos.read_file", refuse)
    warm = Photos(album, options, reporter=heard)
    assert len(heard.stages) == 1
    assert warm.identity() == cold.identity()
    assert warm.skipped == cold.skipped
    assert np.array_equal(warm.pictures((32, 32)), cold.pictures((32, 32)))
    assert not heard.notes


def test_changes_are_seen(album: Path, options: TileOptions, photo: Write, heard: Heard) -> None:
    before = Photos(album, options).pictures((32, 32))
    photo(album / "2.jpg", 50)
    photo(album / "6.jpg", 51)
    (album / "1.jpg").unlink()
    after = Photos(album, options, reporter=heard)
    assert heard.stages == [("reading photos", 2)]
    assert not np.array_equal(after.pictures((32, 32))[0], before[1])
    assert np.array_equal(after.pictures((32, 32))[1], before[2])
    Photos(album, TileOptions(cache=options.cache, thumbnail_px=(16, 16)), reporter=heard)
    assert heard.stages[1:] == [("reading photos", 7)]  # other options, other thumbnails


def test_damage_is_said_and_repaired(album: Path, options: TileOptions, heard: Heard) -> None:
    whole = Photos(album, options).pictures((32, 32))
    damages = [
        lambda data: b"this is no database" * 100,
        lambda data: data[: len(data) // 2],
        lambda data: data[:4096] + b"\xa5" * (len(data) - 4096),
    ]
    for number, damage in enumerate(damages, 1):
        file = store(options)
        file.write_bytes(damage(file.read_bytes()))
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        assert np.array_equal(Photos(album, options, reporter=heard).pictures((32, 32)), whole)
        assert len(heard.notes) == number
        assert "damaged" in heard.notes[-1]
        Photos(album, options, reporter=heard)  # and the next one uses the cache again
        assert len(heard.stages) == number
        assert len(heard.notes) == number


def test_wrong_pixels_are_noticed(album: Path, options: TileOptions, heard: Heard) -> None:
    whole = Photos(album, options).pictures((32, 32))
    with sqlite3.connect(store(options)) as database:
        database.execute("UPDATE thumbnails SET pixels = zeroblob(3072) WHERE rowid = 3")
    database.close()
    assert np.array_equal(Photos(album, options, reporter=heard).pictures((32, 32)), whole)
    assert "checksum" in heard.notes[0]


def test_a_folder_that_cannot_be_written(album: Path, tmp_path: Path, heard: Heard) -> None:
    (tmp_path / "file").write_text("in the way")
    photos = Photos(album, TileOptions(cache=tmp_path / "file" / "cache"), reporter=heard)
    assert len(photos) == 7
    assert len(heard.notes) == 1
    assert "not kept" in heard.notes[0]


def test_growth_is_bounded(tmp_path: Path, heard: Heard) -> None:
    cache = ThumbnailCache(tmp_path, heard, limit_bytes=2_000_000)
    for batch in range(10):
        cache._day = batch
        keys = [bytes([batch, number]) * 8 for number in range(100)]
        files = [(PhotoFile(f"/{batch}/{number}", 1, 1), key) for number, key in enumerate(keys)]
        cache.store(b"options", {key: Thumbnail(bytes(3072)) for key in keys}, files)
        cache.thumbnails(b"options", [bytes([0, 0]) * 8])  # one of the first batch is used every day
        cache._guarded(cache._evict, None)
        assert cache._bytes_used() <= 2_000_000
    assert bytes([0, 0]) * 8 in cache.thumbnails(b"options", [bytes([0, 0]) * 8])
    assert not cache.thumbnails(b"options", [bytes([0, 1]) * 8])
    assert len(cache.thumbnails(b"options", keys)) == 100
    assert not cache.hashes([PhotoFile("/0/1", 1, 1)])
    assert len(cache.hashes([file for file, _ in files])) == 100
    cache.close()
    assert not heard.notes


OPEN = """
import sys
from pathlib import Path
from perceptual_photomosaic.tiles import Photos, TileOptions
photos = Photos(sys.argv[1], TileOptions(cache=Path(sys.argv[2]), workers=1))
print(photos.identity(), len(photos))
"""


def test_two_at_once(album: Path, options: TileOptions, photo: Write) -> None:
    for seed in range(60):
        photo(album / "many" / f"{seed}.png", 100 + seed)
    command = [sys.executable, "-c", OPEN, str(album), str(options.cache)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    results = [process.communicate(timeout=60) for process in both]
    assert results[0] == results[1] == (f"{Photos(album).identity()} 67\n", "")


def test_killed_midway(album: Path, options: TileOptions, photo: Write, heard: Heard) -> None:
    for seed in range(40):
        photo(album / "many" / f"{seed}.png", 100 + seed, width=300, height=300)
    script = OPEN.replace(
        "photos =", "from perceptual_photomosaic.tiles import photos as module\nmodule._BATCH = 4\nphotos ="
    )
    for wait in (0.05, 0.1, 0.2, 0.3):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(album), str(options.cache)], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while not store(options).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with sqlite3.connect(store(options)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
    photos = Photos(album, options, reporter=heard)
    assert not heard.notes
    assert np.array_equal(photos.pictures((32, 32)), Photos(album).pictures((32, 32)))


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PHOTOMOSAIC_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "photomosaic"
    monkeypatch.setenv("PHOTOMOSAIC_CACHE", str(tmp_path / "own"))
    assert default_cache_dir() == tmp_path / "own"
    monkeypatch.delenv("PHOTOMOSAIC_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache_dir().parts[-2:] == (".cache", "photomosaic")
