"""Photos of a folder as tiles."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import PIL

from perceptual_photomosaic.errors import ImageError, MissingExtraError, TileError
from perceptual_photomosaic.image import decode, pillow_lenient, printable, read_file
from perceptual_photomosaic.progress import SILENT
from perceptual_photomosaic.reading.damaged import damaged_note, decode_what_is_there
from perceptual_photomosaic.reading.further_formats import jxl_plugin
from perceptual_photomosaic.tiles.cache import Thumbnail, ThumbnailCache
from perceptual_photomosaic.tiles.copies import copies_note, kept_for_each
from perceptual_photomosaic.tiles.crop import crop_named
from perceptual_photomosaic.tiles.derived import PlainSet, check_size, chosen, digest, resized
from perceptual_photomosaic.tiles.spec import own_options, write_spec
from perceptual_photomosaic.tiles.thumbnails import packed, unpacked
from perceptual_photomosaic.tiles.tile_options import TileOptions
from perceptual_photomosaic.tiles.tile_set import Skipped
from perceptual_photomosaic.tiles.walk import PhotoFile, find_photos, natural_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.pixels import Colour
    from perceptual_photomosaic.progress import Reporter, Stage

__all__ = ["Photos"]

_DECODING = 3  # increased whenever the same file would give other pixels than before: cached ones are then not used
_BATCH = 256  # photos per transaction of the cache
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


class Photos(PlainSet):
    """All pictures in a folder and the folders below it, in natural order of their paths; copies are used once.

    Of identical files the first is used, of near copies the largest file.

    Opening reads every photo once at a small size, and finds the usable ones; with a cache, photos read before are not
    read again. Pictures up to the size of the thumbnails are reduced from them; larger ones come from the files.

    Args:
        folder: Folder of the photos.
        options: Options for cropping, drawing and caching.
        crop: Overrides `options.crop`, and is then part of the spec; so does `background`.
        background: Colour that shows through transparent pictures.
        duplicates: Use copies too.
        reporter: Receives progress, and notes about copies that are not used and failures of the cache.

    Raises:
        TileError: The folder does not exist or holds no usable picture.
        MissingExtraError: Cropping around faces needs the "faces" extra.
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
        self._own_options = own_options(crop, background, duplicates)
        self._crop = crop or self.options.crop
        self._background = background or self.options.background
        walk = find_photos(self.folder)
        files, skipped = walk.found, walk.skipped
        if walk.others:
            reporter.note(f"{printable(self.folder)}: {walk.words()}")
        known = self._open_thumbnails(files, reporter)
        usable = [file for file in files if known[file.path][1].pixels is not None]
        failed = [Skipped(f.path, known[f.path][1].reason or "") for f in files if known[f.path][1].pixels is None]
        self._skipped = tuple(sorted(skipped + failed, key=lambda entry: natural_key(entry.path)))
        if not usable:
            raise TileError(_nothing_usable(self.folder, self._skipped))
        damaged = [file.path for file in usable if known[file.path][1].reason]
        if damaged:
            reporter.note(damaged_note(damaged, self.folder))
        self._copies: dict[str, str] = {}
        if not duplicates:
            usable = self._without_copies(usable, known, reporter)
        self.paths = tuple(file.path for file in usable)
        self._thumbnails, self._small = unpacked([known[path][1] for path in self.paths], self.options.thumbnail_px)
        contents = hashlib.sha256(b"".join(known[path][0] for path in self.paths)).hexdigest()
        self._identity = digest("photos", _DECODING, contents, self._cut())

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        return write_spec("photos", self.folder, self._own_options)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files and folders that were left out, in order of their names."""
        return self._skipped

    @property
    def copies(self) -> Mapping[str, str]:
        """Path of the photo that is used in place of each copy, by the copy's path."""
        return self._copies

    def source(self, tile: int) -> str:
        """Return the path of a photo."""
        return self.paths[tile]

    def identity(self) -> str:
        """Digest of the contents of all files and of their crop; names and folders have no effect."""
        return self._identity

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw photos at a size; see `TileSet.pictures`."""
        check_size(size_px)
        numbers = chosen(choices, len(self))
        width, height = size_px
        if width <= self.options.thumbnail_px[0] and height <= self.options.thumbnail_px[1]:
            if size_px == self.options.thumbnail_px:
                return self._thumbnails[numbers] if choices is not None else self._thumbnails.copy()
            known = (self._small.get(number, self._thumbnails[number]) for number in numbers.tolist())
            return resized(known, size_px)
        wanted, index = np.unique(numbers, return_inverse=True)
        pictures = self._originals(size_px, wanted, reporter or SILENT)
        return pictures if np.array_equal(wanted, numbers) else pictures[index]

    def _originals(self, size_px: tuple[int, int], numbers: NDArray[np.intp], reporter: Reporter) -> NDArray[np.uint8]:
        """Decode photos from their files, each once."""
        result = np.empty((len(numbers), size_px[1], size_px[0], 3), np.uint8)

        def read(place: int) -> None:
            path = self.paths[numbers[place]]
            try:
                result[place], _ = self._decode(read_file(path), printable(path), size_px, enlarge=True)
            except (ImageError, MissingExtraError) as error:
                raise TileError(f"a photo that was usable before is not any more: {error}") from None

        with reporter.stage("reading photos", len(numbers), "photos") as stage, pillow_lenient():
            for _ in _in_threads(read, range(len(numbers)), self.options.threads):
                stage.advance()
        return result

    def _without_copies(
        self, usable: list[PhotoFile], known: dict[str, tuple[bytes, Thumbnail]], reporter: Reporter
    ) -> list[PhotoFile]:
        """Leave out copies of other photos, and report them."""
        thumbnails, _ = unpacked([known[file.path][1] for file in usable], self.options.thumbnail_px)
        kept, same = kept_for_each([known[file.path][0] for file in usable], thumbnails, [file.size for file in usable])
        used = [file for number, file in enumerate(usable) if kept[number] == number]
        self._copies = {
            file.path: usable[kept[number]].path for number, file in enumerate(usable) if kept[number] != number
        }
        if self._copies:
            spec = write_spec("photos", self.folder, {**self._own_options, "duplicates": "yes"})
            reporter.note(copies_note(len(self._copies), same, printable(spec)))
        return used

    def _decode(
        self, data: bytes, name: str, size_px: tuple[int, int], *, enlarge: bool
    ) -> tuple[NDArray[np.uint8], str]:
        """Decode a photo at a size; also return what is damaged in it, if that is accepted."""
        crop, crop_px = crop_named(self._crop)
        read = decode_what_is_there if self.options.accept_damaged else _decode_whole
        return read(
            data,
            size_px,
            aspect=self.options.cell_aspect,
            crop=crop,
            crop_px=crop_px,
            enlarge=enlarge,
            background=self._background,
            max_pixels=self.options.max_pixels,
            name=name,
        )

    def _cut(self) -> tuple[object, ...]:
        """Return everything besides the file and the size that determines the pixels."""
        return self.options.cell_aspect, self._crop, self._background

    def _options_key(self) -> bytes:
        """Return the key of cached thumbnails: the decoders and the options."""
        try:
            import pi_heif

            heic = str(pi_heif.__version__)
        except ImportError:
            heic = "none"
        size = self.options.thumbnail_px
        decoders = PIL.__version__, heic, jxl_plugin()
        key = digest(
            "photos", _DECODING, decoders, size, self._cut(), self.options.max_pixels, self.options.accept_damaged
        )
        return bytes.fromhex(key)[:8]

    def _open_thumbnails(self, files: list[PhotoFile], reporter: Reporter) -> dict[str, tuple[bytes, Thumbnail]]:
        """Return digest and thumbnail of every file by its path, from the cache if it has them."""
        crop_named(self._crop)
        if not files:
            return {}
        cache = None if self.options.cache is None else ThumbnailCache(self.options.cache, reporter)
        try:
            return self._through_cache(cache, files, reporter)
        finally:
            if cache is not None:
                cache.close()

    def _through_cache(
        self, cache: ThumbnailCache | None, files: list[PhotoFile], reporter: Reporter
    ) -> dict[str, tuple[bytes, Thumbnail]]:
        key = self._options_key()
        hashes = cache.hashes(files) if cache else {}
        pixels = cache.thumbnails(key, hashes.values()) if cache else {}
        known = {path: (content, pixels[content]) for path, content in hashes.items() if content in pixels}
        unknown = [file for file in files if file.path not in known]
        if not unknown:
            return known
        with reporter.stage("reading photos", len(unknown), "photos") as stage, pillow_lenient():
            for start in range(0, len(unknown), _BATCH):
                batch = unknown[start : start + _BATCH]
                self._read_batch(batch, cache, key, known, stage)
        return known

    def _read_batch(
        self,
        batch: list[PhotoFile],
        cache: ThumbnailCache | None,
        key: bytes,
        known: dict[str, tuple[bytes, Thumbnail]],
        stage: Stage,
    ) -> None:
        """Read a batch of files into `known` and the cache."""
        new: dict[bytes, Thumbnail] = {}
        seen: list[tuple[PhotoFile, bytes]] = []
        for file, content, thumbnail in _in_threads(self._thumbnail, batch, self.options.threads):
            known[file.path] = (content, thumbnail)
            if content:
                new[content] = thumbnail
                seen.append((file, content))
            stage.advance()
        if cache is not None:
            cache.store(key, new, seen)

    def _thumbnail(self, file: PhotoFile) -> tuple[PhotoFile, bytes, Thumbnail]:
        """Read one file; return the digest of its content (empty if it cannot be read) and its thumbnail."""
        content = b""
        name = printable(file.path)
        try:
            data = read_file(file.path)
            content = hashlib.sha256(data).digest()[:16]
            pixels, damage = self._decode(data, name, self.options.thumbnail_px, enlarge=False)
        except (ImageError, MissingExtraError) as error:
            return file, content, Thumbnail(None, str(error).removeprefix(f"{name}: "))
        return file, content, Thumbnail(packed(pixels), damage or None)


def _decode_whole(data: bytes, size_px: tuple[int, int], **options: Any) -> tuple[NDArray[np.uint8], str]:
    return decode(data, size_px, **options), ""


def _in_threads(work: Callable[[_Item], _Done], items: Iterable[_Item], threads: int) -> Iterator[_Done]:
    """Apply a function to every item in threads; results are in the order of the items."""
    if threads == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)


def _nothing_usable(folder: str, skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return f"expected photos in the folder {printable(folder)}, it holds no picture files"
    first = "; ".join(f"{printable(os.path.relpath(entry.path, folder))}: {entry.reason}" for entry in skipped[:3])
    return f"none of the {len(skipped)} picture files in {printable(folder)} can be used: {first}"
