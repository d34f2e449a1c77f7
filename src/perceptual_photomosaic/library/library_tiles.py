"""A library as tiles."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.errors import ImageError, MissingExtraError, TileError
from perceptual_photomosaic.features.phash import largest_of_each, near_copy_groups
from perceptual_photomosaic.image import crop_size, decode, in_the_middle, pillow_lenient, printable, whole_size
from perceptual_photomosaic.library.build import FEATURE_SHAPE, FEATURES, THUMBNAIL_PX, THUMBNAILS
from perceptual_photomosaic.library.manifest import Content, Manifest
from perceptual_photomosaic.library.rows import open_rows
from perceptual_photomosaic.pixels import Colour
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.crop import crop_named
from perceptual_photomosaic.tiles.derived import PlainSet, check_size, chosen, digest
from perceptual_photomosaic.tiles.spec import own_options, write_spec
from perceptual_photomosaic.tiles.tile_options import TileOptions
from perceptual_photomosaic.tiles.tile_set import Skipped
from perceptual_photomosaic.tiles.walk import natural_key

__all__ = ["LibraryTiles", "drop_near_duplicates"]

_SOFT = 0.8  # smallest share of a picture's pixels with which a thumbnail replaces the file


class LibraryTiles(PlainSet):
    """The photos of a library, in natural order of their paths; copies and near copies are used once.

    Small pictures come from the library's thumbnails. Larger ones come from the original files, and so do all pictures
    with a crop that searches the photo (attention, faces).

    Args:
        folder: The library.
        options: Options for cropping and drawing.
        crop: Overrides `options.crop`, and is then part of the spec; so does `background`.
        background: Colour that shows through transparent pictures.
        duplicates: Use near copies too.
        reporter: Receives the number of near copies that are left out.

    Raises:
        TileError: It is not a library, it is damaged, or nothing in it can be used.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        options: TileOptions | None = None,
        *,
        crop: str | None = None,
        background: Colour | None = None,
        duplicates: bool = False,
        reporter: Reporter = SILENT,
    ) -> None:
        self.folder = os.fspath(folder)
        self.options = options or TileOptions()
        self._crop = crop or self.options.crop
        self._background = background or self.options.background
        self._own_options = own_options(crop, background, duplicates)
        usable, self._skipped = _read_manifest(Path(folder))
        if not usable:
            raise TileError(f"the library {printable(self.folder)} holds no usable photo that is still there")
        count = 1 + max(content.row or 0 for _, content in usable)
        thumbnail_shape = (THUMBNAIL_PX, THUMBNAIL_PX, 3)
        self._thumbnails = open_rows(Path(folder) / THUMBNAILS, count, thumbnail_shape, np.uint8)
        self._features = open_rows(Path(folder) / FEATURES, count, FEATURE_SHAPE, np.float32)
        if not duplicates:
            every = len(usable)
            usable = drop_near_duplicates(usable, self._features)
            if len(usable) < every:
                reporter.note(
                    f"{every - len(usable)} near duplicates in the library are left out (duplicates=yes uses them)"
                )
        self.paths = tuple(path for path, _ in usable)
        self._contents = tuple(content for _, content in usable)
        self._rows = np.array([content.row for content in self._contents], np.int64)
        keys = b"".join(content.content for content in self._contents)
        self._identity = digest("library", 1, keys.hex(), self.options.cell_aspect, self._crop, self._background)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        return write_spec("library", self.folder, self._own_options)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files that cannot be used."""
        return self._skipped

    def source(self, tile: int) -> str:
        """Return the path of a photo at the time of the last update."""
        return self.paths[tile]

    def identity(self) -> str:
        """Digest of the contents of all photos and of their crop."""
        return self._identity

    def content(self, tile: int) -> Content:
        """Return the record of a photo."""
        return self._contents[tile]

    def features(self) -> NDArray[np.float32]:
        """Return the features of every whole photo: OKLab at 8 x 8 samples, float32, (n, 8, 8, 3)."""
        return np.asarray(self._features[self._rows], np.float32)

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw photos at a size; see `TileSet.pictures`.

        Raises:
            TileError: A thumbnail is damaged, or an original file is missing.
        """
        check_size(size_px)
        numbers = chosen(choices, len(self))
        result = np.empty((len(numbers), size_px[1], size_px[0], 3), np.uint8)
        small = np.array([self._serves(int(number), size_px) for number in numbers], bool)
        for place in np.flatnonzero(small):
            result[place] = self._from_thumbnail(int(numbers[place]), size_px)
        if not small.all():
            wanted, index = np.unique(numbers[~small], return_inverse=True)
            result[~small] = self._from_files(wanted, size_px, reporter or SILENT)[index]
        return result

    def _serves(self, tile: int, size_px: tuple[int, int]) -> bool:
        """Tell whether a thumbnail has the required pixels, crop and background."""
        content = self._contents[tile]
        if crop_named(self._crop)[1] or (content.clear and self._background != (255, 255, 255)):
            return False
        part, drawn = self._shown(content, size_px)
        width, height = _in_thumbnail(content, part)
        enough = min(width / min(drawn[0], part[0]), height / min(drawn[1], part[1]))
        return enough >= _SOFT

    def _shown(self, content: Content, size_px: tuple[int, int]) -> tuple[tuple[float, float], tuple[int, int]]:
        """Return width and height of the visible part of a photo, in its own pixels and in pixels of a tile."""
        own_px, aspect = (content.width, content.height), self.options.cell_aspect
        if self._crop == "none":
            return own_px, whole_size(own_px, aspect, size_px)
        return crop_size(own_px, aspect), size_px

    def _from_thumbnail(self, tile: int, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        content = self._contents[tile]
        pixels = self._thumbnails[content.row]
        features = self._features[content.row]
        if zlib.crc32(features.tobytes(), zlib.crc32(pixels.tobytes())) != content.checksum:
            raise TileError(
                f"the library {printable(self.folder)} is damaged: the thumbnail of {printable(self.paths[tile])} "
                f"does not match its checksum. See: photomosaic library verify"
            )
        part, drawn = self._shown(content, size_px)
        width, height = _in_thumbnail(content, part)
        left, top = (THUMBNAIL_PX - width) / 2, (THUMBNAIL_PX - height) / 2
        box = (left, top, left + width, top + height)
        picture = Image.fromarray(pixels).resize(drawn, Image.Resampling.LANCZOS, box)
        return np.asarray(in_the_middle(picture, size_px, self._background))

    def _from_files(self, numbers: NDArray[np.intp], size_px: tuple[int, int], reporter: Reporter) -> NDArray[np.uint8]:
        """Decode photos from their files, each once."""
        crop, crop_px = crop_named(self._crop)
        result = np.empty((len(numbers), size_px[1], size_px[0], 3), np.uint8)

        def read(place: int) -> None:
            try:
                result[place] = decode(
                    self.paths[numbers[place]],
                    size_px,
                    aspect=self.options.cell_aspect,
                    crop=crop,
                    crop_px=crop_px,
                    background=self._background,
                    max_pixels=self.options.max_pixels,
                )
            except (ImageError, MissingExtraError) as error:
                raise TileError(
                    f"a photo of the library cannot be read any more: {error}. If files were moved: "
                    f"photomosaic library update {printable(self.folder)}"
                ) from None

        pool = ThreadPoolExecutor(self.options.threads)
        try:
            with reporter.stage("reading photos", len(numbers), "photos") as stage, pillow_lenient():
                for _ in pool.map(read, range(len(numbers))):
                    stage.advance()
        finally:
            pool.shutdown(cancel_futures=True)
        return result


def _in_thumbnail(content: Content, part_px: tuple[float, float]) -> tuple[float, float]:
    """Convert width and height of a part of a photo to pixels of its thumbnail."""
    return part_px[0] / content.width * THUMBNAIL_PX, part_px[1] / content.height * THUMBNAIL_PX


def _read_manifest(folder: Path) -> tuple[list[tuple[str, Content]], tuple[Skipped, ...]]:
    """Return the usable photos by the first of their paths, in natural order, and the files that cannot be used."""
    manifest = Manifest(folder)
    try:
        contents, files = manifest.contents(), manifest.files()
    finally:
        manifest.close()
    present = sorted((path for path, was in files.items() if not was.gone), key=natural_key)
    first: dict[bytes, str] = {}
    skipped = []
    for path in present:
        content = contents.get(files[path].content)
        if content is None:
            raise TileError(f"the library {printable(folder)} is damaged: nothing is known about {printable(path)}")
        if content.row is None:
            skipped.append(Skipped(path, content.reason))
        else:
            first.setdefault(content.content, path)
    return [(path, contents[key]) for key, path in first.items()], tuple(skipped)


def drop_near_duplicates(
    usable: Sequence[tuple[str, Content]], features: NDArray[np.generic]
) -> list[tuple[str, Content]]:
    """Keep the photo with the most pixels among near copies; see `near_copy_groups`.

    Args:
        usable: Paths and records of photos.
        features: OKLab at 8 x 8 samples by row.
    Returns:
        The photos that are kept, in the same order.
    """
    hashes = np.array([content.hash for _, content in usable], np.uint64)
    rows = np.array([content.row for _, content in usable], np.int64)
    areas = np.array([content.width * content.height for _, content in usable], np.int64)
    kept = largest_of_each(near_copy_groups(hashes, features, rows), areas)
    return [usable[number] for number in sorted(kept.tolist())]
