"""Tests of building and updating a library: nothing is read twice, nothing is lost, and broken files are reported."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.library import build as build_module
from perceptual_photomosaic.library.build import update_library
from perceptual_photomosaic.library.care import library_info, remove_from_library, verify_library
from perceptual_photomosaic.library.library_tiles import LibraryTiles
from perceptual_photomosaic.library.lock import writing
from perceptual_photomosaic.library.manifest import Manifest
from tests.library.conftest import smooth


def known(library: Path) -> dict[str, object]:
    """Return the whole content of the manifest by path, without row numbers."""
    manifest = Manifest(library)
    try:
        contents = manifest.contents()
        return {
            path: (was.gone, *(getattr(contents[was.content], name) for name in ("hash", "width", "date", "reason")))
            for path, was in manifest.files().items()
        }
    finally:
        manifest.close()


def build(library: Path, folder: Path) -> build_module.Changes:
    return update_library(library, [str(folder)], create=True, workers=1)


def test_a_photo_is_known_by_size_date_and_caption(tmp_path: Path, photos: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(smooth(99)).save(photos / "turned.jpg", exif=turned)
    changes = build(tmp_path / "lib", photos)
    assert (changes.new, changes.changed, changes.moved, changes.gone, changes.skipped) == (31, 0, 0, 0, [])
    tiles = LibraryTiles(tmp_path / "lib")
    assert len(tiles) == 31
    facts = {Path(tiles.source(tile)).name: tiles.content(tile) for tile in range(31)}
    assert (facts["7.jpg"].date, facts["7.jpg"].caption) == ("2020-01-08 12:00:00", "photo number 7")
    assert (facts["7.jpg"].width, facts["7.jpg"].height) == (160, 120)
    assert (facts["turned.jpg"].width, facts["turned.jpg"].height, facts["turned.jpg"].orientation) == (120, 160, 6)
    assert verify_library(tmp_path / "lib", originals=True) == []


def test_an_update_reads_only_what_is_new(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    read: list[str] = []
    whole = build_module.read_file
    monkeypatch.setattr(build_module, "read_file", lambda path: read.append(str(path)) or whole(path))
    assert update_library(library) == build_module.Changes()
    assert read == []
    os.utime(photos / "1.jpg")  # touched, the same content
    (photos / "2.jpg").rename(photos / "below" / "moved.jpg")
    shutil.copy(photos / "4.jpg", photos / "copy.jpg")
    Image.fromarray(smooth(100)).save(photos / "5.jpg")
    Image.fromarray(smooth(101)).save(photos / "new.jpg")
    (photos / "7.jpg").unlink()
    decoded: list[str] = []
    whole_decode = build_module.decode
    monkeypatch.setattr(
        build_module, "decode", lambda data, *a, **k: decoded.append(k["name"]) or whole_decode(data, *a, **k)
    )
    changes = update_library(library, workers=1)
    assert (changes.new, changes.changed, changes.moved, changes.gone) == (1, 1, 2, 2)  # gone: 2.jpg and 7.jpg
    assert sorted(Path(path).name for path in read) == ["1.jpg", "5.jpg", "copy.jpg", "moved.jpg", "new.jpg"]
    assert sorted(Path(name).name for name in decoded) == ["5.jpg", "new.jpg"]
    names = {Path(path).name for path in LibraryTiles(library).paths}
    assert {"moved.jpg", "new.jpg", "5.jpg"} <= names
    assert {"2.jpg", "7.jpg"}.isdisjoint(names)
    assert len({"4.jpg", "copy.jpg"} & names) == 1
    info = library_info(library)
    assert (info.files, info.photos, info.gone) == (31, 30, 2)


def test_what_was_gone_and_is_back_counts_again(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    (photos / "1.jpg").rename(tmp_path / "kept")
    assert update_library(library).gone == 1
    assert len(LibraryTiles(library)) == 29
    (tmp_path / "kept").rename(photos / "1.jpg")
    update_library(library)
    assert len(LibraryTiles(library)) == 30


def test_a_folder_that_is_away_is_said_and_its_photos_stay(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    photos.rename(tmp_path / "unplugged")
    changes = update_library(library)
    assert changes.absent == [str(photos)]
    assert changes.gone == 0
    assert len(LibraryTiles(library)) == 30


def test_odd_files_are_skipped_with_a_reason(tmp_path: Path, photos: Path) -> None:
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.jpg").write_text("hello")
    whole = (photos / "1.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "loop").symlink_to(photos)
    os.mkfifo(photos / "pipe.jpg")
    odd = os.fsencode(photos) + (b"/n\xff \"quote\" 'new\nline' \xf0\x9f\xa6\x8a.jpg")
    Path(os.fsdecode(odd)).write_bytes((photos / "2.jpg").read_bytes() + b" ")
    rgba = np.dstack([smooth(50), np.full((120, 160), 128, np.uint8)])
    Image.fromarray(rgba).save(photos / "clear.png")
    changes = build(tmp_path / "lib", photos)
    reasons = {Path(entry.path).name: entry.reason for entry in changes.skipped}
    assert set(reasons) == {"empty.jpg", "text.jpg", "cut.jpg", "pipe.jpg"}
    assert "empty" in reasons["empty.jpg"]
    assert "text file" in reasons["text.jpg"]
    paths = {os.fsencode(path) for path in LibraryTiles(tmp_path / "lib", duplicates=True).paths}
    assert odd in paths
    assert len(paths) == 32
    assert [entry.reason for entry in update_library(tmp_path / "lib").skipped].count("the file is empty") == 1


def test_two_builders_are_kept_apart(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    with writing(library):
        with pytest.raises(TileError, match="another process is writing"):
            update_library(library)
        assert len(LibraryTiles(library)) == 30  # readers are not kept out
    update_library(library)


def test_the_lock_of_a_killed_process_is_gone_with_it(tmp_path: Path) -> None:
    script = "import sys, time\nfrom pathlib import Path\nfrom perceptual_photomosaic.library.lock import writing\n"
    script += "with writing(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(TileError, match="another process"), writing(tmp_path):
            pass
        process.kill()
        process.wait()
    with writing(tmp_path):
        pass


def _build_in_small_batches(library: str, folder: str) -> None:
    build_module._BATCH = 4
    Path(f"{library}.started").touch()
    build(Path(library), Path(folder))


def test_a_header_that_a_killed_run_left_is_put_right(tmp_path: Path, photos: Path) -> None:
    """The run was killed after its last rows were recorded and before it closed the arrays."""
    library = tmp_path / "lib"
    build(library, photos)
    path = library / "thumbnails.npy"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"(30, 96", b"(16, 96", 1))
    assert len(np.load(path, mmap_mode="r")) == 16
    build(library, photos)
    assert path.read_bytes() == whole


def test_killed_at_any_moment_it_goes_on_from_there(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    rng = random.Random(0)
    context = multiprocessing.get_context("spawn")
    started = tmp_path / "lib.started"
    kept = 0
    for _ in range(5):
        process = context.Process(target=_build_in_small_batches, args=(str(library), str(photos)))
        process.start()
        deadline = time.monotonic() + 20
        while not started.exists() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.1))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        started.unlink()
        if (library / "library.sqlite").exists():
            assert verify_library(library) == []
            assert len(known(library)) >= kept
            kept = len(known(library))
    build(library, photos)
    build(tmp_path / "unbroken", photos)
    assert known(library) == known(tmp_path / "unbroken")
    assert verify_library(library, originals=True) == []
    rows = np.load(library / "thumbnails.npy", mmap_mode="r")
    assert len(rows) == 30


def test_rows_beyond_the_manifest_are_cut_off(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    with (library / "thumbnails.npy").open("ab") as file:
        file.write(b"x" * 40_000)  # a killed process was in the middle of the second row
    assert verify_library(library) == []
    Image.fromarray(smooth(77)).save(photos / "one more.jpg")
    build(library, photos)
    assert verify_library(library) == []
    assert (library / "thumbnails.npy").stat().st_size == 128 + 31 * 96 * 96 * 3


def test_damage_is_noticed_and_never_used(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    with (library / "thumbnails.npy").open("r+b") as file:
        file.seek(128 + 3 * 96 * 96 * 3 + 1000)
        file.write(b"damage")
    found = verify_library(library)
    assert len(found) == 1
    assert "row 3" in found[0]
    with pytest.raises(TileError, match="does not match its checksum"):
        LibraryTiles(library).pictures((32, 32))
    os.truncate(library / "thumbnails.npy", 5000)
    assert any("is damaged" in line for line in verify_library(library))
    with pytest.raises(TileError, match="build it anew"):
        LibraryTiles(library)
    (library / "library.sqlite").write_bytes(b"no database at all, but long enough to be one" * 100)
    for suffix in ("-wal", "-shm"):
        (library / f"library.sqlite{suffix}").unlink(missing_ok=True)
    with pytest.raises(TileError, match="damaged"):
        verify_library(library)


def test_a_changed_original_is_found_by_verify(tmp_path: Path, photos: Path) -> None:
    build(tmp_path / "lib", photos)
    with (photos / "1.jpg").open("ab") as file:
        file.write(b"tail")
    (photos / "2.jpg").unlink()
    found = verify_library(tmp_path / "lib", originals=True)
    assert len(found) == 2
    assert "has changed" in found[0] + found[1]


def test_removed_photos_are_forgotten_not_deleted(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    build(library, photos)
    removed = remove_from_library(library, [str(photos / "below"), str(photos / "1.jpg"), "/nowhere"])
    assert (removed.files, removed.folders, removed.unknown) == (11, [], ["/nowhere"])
    assert len(LibraryTiles(library)) == 19
    assert (photos / "1.jpg").exists()
    remove_from_library(library, [str(photos)])
    with pytest.raises(TileError, match="no usable photo"):
        LibraryTiles(library)
    assert update_library(library).new == 0


def test_what_is_no_library_is_said(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(TileError, match="is no library"):
        LibraryTiles(tmp_path)
    with pytest.raises(TileError, match="is no library"):
        update_library(tmp_path)
    with pytest.raises(TileError, match="holds other files"):
        build(photos, photos)
    with pytest.raises(TileError, match="does not exist"):
        build(tmp_path / "lib", tmp_path / "nowhere")
    assert not (tmp_path / "lib").exists()


def test_a_library_that_was_only_begun_is_empty(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "lib"
    library.mkdir()
    (library / "library.sqlite").touch()  # killed between making the file and its tables
    assert verify_library(library) == []
    with pytest.raises(TileError, match="no usable photo"):
        LibraryTiles(library)
    assert build(library, photos).new == 30
