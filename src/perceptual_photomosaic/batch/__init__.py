"""Several mosaics of the same tiles, written into one folder.

Each is made by `make_mosaic`, with tiles that are opened once. A small hidden file beside each mosaic records what it
was made from, so that a second run makes only mosaics that are missing or would be different; see `records`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Unpack

from perceptual_photomosaic.api import make_mosaic
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.batch.jobs import Job, check_place, find_jobs, suffix_of
from perceptual_photomosaic.batch.records import Record, State, key_of, load_record, save_record, state_of, tiles_key
from perceptual_photomosaic.config import MosaicOptions, checked_options
from perceptual_photomosaic.config.keywords import MosaicKeywords, with_settings
from perceptual_photomosaic.errors import ConfigError, ModelError, MosaicError, OutputError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.inputs import Tiles, tile_options_for
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.progress import SILENT, Reporter, Stage
from perceptual_photomosaic.progress.shown import shown_progress
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.shared_tiles import SharedTiles
from perceptual_photomosaic.text.write import check_text

__all__ = ["BatchItem", "make_mosaics"]


@dataclass(frozen=True)
class BatchItem:
    """The result for one target.

    Attributes:
        target: The target's file.
        out: Where its mosaic is; None for a file that cannot be a target.
        state: "made", "finished" (by an earlier run) or "failed".
        mosaic: The mosaic that was made, without its target in memory.
        error: Why it failed, in one line.
    """

    target: Path
    out: Path | None
    state: Literal["made", "finished", "failed"]
    mosaic: Mosaic | None = None
    error: str = ""


@with_settings
def make_mosaics(
    targets: str | Path | Sequence[str | Path],
    tiles: Tiles,
    options: MosaicOptions | None = None,
    *,
    out: str | Path,
    format: str = "png",  # noqa: A002 (the word of the command line)
    redo: bool = False,
    jpeg_quality: int | None = None,
    cache: Path | None = None,
    progress: bool = False,
    reporter: Reporter = SILENT,
    **changes: Unpack[MosaicKeywords],
) -> list[BatchItem]:
    """Rebuild several targets out of the same tiles, and write the mosaics into a folder.

    A mosaic has the name of its target, with another suffix; those of a folder's subfolders go into subfolders. A
    finished mosaic of an earlier run stays as it is if its target, the tiles and all settings are still the same.

    Args:
        targets: A file, a folder, or several of them.
        tiles: As for `make_mosaic`.
        options: Settings.
        out: The folder; made if it is missing.
        format: Suffix of the mosaics: "png", "jpg", "tif" ...
        redo: Make finished mosaics again, and replace files that no earlier run wrote.
        jpeg_quality: 1 to 100 for JPEG and WebP.
        cache: Folder that keeps decoded photos and assignments between runs; None keeps nothing.
        progress: Show progress on standard error.
        reporter: Receives progress, and a note for each target that fails.
        **changes: Settings by name, over those in `options`.
    Returns:
        The result for each target, in order. A target that fails does not stop the others.
    Raises:
        MosaicError: An error that concerns all targets: tiles, settings, or names that would replace each other.
    """
    options = checked_options(options, changes, "make_mosaics()")
    reporter = shown_progress() if progress else reporter
    matcher(options)
    tile_options_for(options, cache)  # refuses what is no colour, crop or size
    folder, shared = Path(out), SharedTiles(tiles, reporter)
    jobs, unusable = find_jobs(targets, folder, format)
    check_place(folder, shared.specs)
    known = tiles_key(tiles)
    keys = [key_of(job.target, known, options, jpeg_quality) for job in jobs]
    states: list[State] = ["new" if redo else state_of(job.out, key) for job, key in zip(jobs, keys, strict=True)]
    batch = _Batch(shared, options, jpeg_quality, cache, reporter)
    items = [batch.failed(Path(item.path), None, item.reason) for item in unusable]
    with _existing(folder), reporter.stage("making mosaics", states.count("new"), "mosaics") as stage:
        any_of_them = folder / f"mosaic{suffix_of(format)}"
        check_text(any_of_them, check_output(any_of_them), shared.specs, options)
        for job, key, state in zip(jobs, keys, states, strict=True):
            items.append(batch.item(job, key, state))
            stage.advance(1 if state == "new" else 0)
    return items


@dataclass(frozen=True)
class _Batch:
    """The inputs that all targets share."""

    shared: SharedTiles
    options: MosaicOptions
    jpeg_quality: int | None
    cache: Path | None
    reporter: Reporter
    said: set[str] = field(default_factory=set)

    def item(self, job: Job, key: str, state: State) -> BatchItem:
        """Make one mosaic, unless it is finished or its place is taken."""
        if state == "finished":
            return BatchItem(job.target, job.out, "finished")
        if state == "taken":
            shown = printable(job.out)
            return self.failed(*job, f"'{shown}' exists and was not written by an earlier run; --redo replaces it.")
        try:
            return BatchItem(job.target, job.out, "made", self._make(job, key))
        except (ConfigError, ModelError):  # the same for all targets
            raise
        except (MosaicError, MemoryError) as error:
            if error is self.shared.failure:
                raise
            return self.failed(*job, "not enough memory" if isinstance(error, MemoryError) else str(error))

    def failed(self, target: Path, out: Path | None, error: str) -> BatchItem:
        """Report that a target failed, and return its result."""
        name = printable(target)
        self.reporter.note(error if name in error else f"{name}: {error}")
        return BatchItem(target, out, "failed", error=error)

    def _make(self, job: Job, key: str) -> Mosaic:
        before = load_record(job.out)
        try:
            job.out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"'{printable(job.out.parent)}' cannot be made: {error.strerror}.") from error
        save_record(job.out, Record(key))
        try:
            mosaic = make_mosaic(
                job.target,
                self.shared,
                self.options,
                out=job.out,
                jpeg_quality=self.jpeg_quality,
                cache=self.cache,
                reporter=_Named(self.reporter, printable(job.target.name), self.said),
            )
        except (MosaicError, MemoryError):
            save_record(job.out, before)
            raise
        save_record(job.out, Record(key, job.out.stat().st_size))
        return replace(mosaic, target=None)


@dataclass(frozen=True)
class _Named:
    """A reporter that adds the name of a target to stages and notes; an equal note of a later target is left out."""

    reporter: Reporter
    name: str
    said: set[str]

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return self.reporter.stage(f"{self.name}: {title}", total, unit)

    def note(self, text: str) -> None:
        if text not in self.said:
            self.said.add(text)
            self.reporter.note(f"{self.name}: {text}")


@contextmanager
def _existing(folder: Path) -> Iterator[None]:
    """Make a folder where it is missing; one that stays empty is removed again."""
    missing = not folder.is_dir()
    folder.mkdir(exist_ok=True)
    try:
        yield
    finally:
        if missing:
            with suppress(OSError):
                folder.rmdir()
