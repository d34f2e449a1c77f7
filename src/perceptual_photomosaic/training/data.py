"""Training pictures: files decoded by several threads, and cropped at random but reproducibly.

The seed and the number n alone decide the file, the crop and the mirroring of sample n. So one number is the position
in the stream, and any process can take any part of it. A resumed run gets the same samples as a run without a break.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.image import Box, decode
from perceptual_photomosaic.tiles.walk import find_photos

__all__ = ["CropStream", "central_square", "list_pictures", "to_tensor"]


def list_pictures(folder: str | Path) -> list[str]:
    """Return the paths of all pictures in a folder and its subfolders, in natural order.

    Raises:
        TileError: There is no such folder.
        ImageError: The folder contains no picture.
    """
    found = find_photos(folder).found
    if not found:
        raise ImageError(f"no pictures in {folder}: training and validation need at least one")
    return [photo.path for photo in found]


def to_tensor(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Return pictures of one size, uint8 (H, W, 3), as a float tensor (B, 3, H, W), 0..255."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()


def central_square(path: str, side: int) -> NDArray[np.uint8]:
    """Return the central square of a picture, resized, uint8, (side, side, 3)."""
    return decode(path, (side, side))


_ENLARGE = 1.5
_OFFSET = 1_000_000  # makes negative sample numbers positive, as seeds of a generator must be


class CropStream:
    """An endless stream of random square crops.

    Args:
        paths: The pictures. Files that cannot be read are replaced by others and listed in `broken`.
        crop: The side of the crops in pixels.
        zoom: A crop shows between the whole shorter side of a picture and 1 / zoom of it. Crops are enlarged at most
            1.5 times, unless the whole picture is too small for that.
        flip: Mirror half of the crops.
        seed: Decides all random values.
        threads: The number of threads that decode.
    """

    def __init__(
        self,
        paths: Sequence[str],
        crop: int,
        zoom: float,
        *,
        flip: bool = True,
        seed: int = 0,
        threads: int = 2,
    ) -> None:
        self.paths = list(paths)
        self.crop = crop
        self.zoom = zoom
        self.flip = flip
        self.seed = seed
        self.broken: dict[str, str] = {}
        self._orders: dict[int, NDArray[np.int64]] = {}
        self._pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="decode")

    def sample(self, number: int) -> NDArray[np.uint8]:
        """Return one sample, uint8, (crop, crop, 3)."""
        for attempt in range(20):
            path = self._path(number + attempt * len(self.paths) * 1000)
            try:
                return self._crop(path, np.random.default_rng((self.seed, number + _OFFSET, attempt)))
            except ImageError as error:
                self.broken[path] = str(error)
        raise ImageError(f"20 of 20 training pictures cannot be read, the last: {self.broken[path]}")

    def batches(self, starts: Iterator[int], count: int) -> Iterator[Tensor]:
        """Yield batches of consecutive samples, which are decoded in advance.

        Args:
            starts: The number of the first sample of each batch.
            count: Samples per batch.
        Yields:
            One batch, float, (count, 3, crop, crop), 0..255.
        """
        ahead: deque[list[Future[NDArray[np.uint8]]]] = deque()
        for _ in range(3):
            self._submit(ahead, starts, count)
        while ahead:
            batch = to_tensor([future.result() for future in ahead.popleft()])
            self._submit(ahead, starts, count)
            yield batch

    def close(self) -> None:
        """Stop the threads that decode."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, ahead: deque[list[Future[NDArray[np.uint8]]]], starts: Iterator[int], count: int) -> None:
        start = next(starts, None)
        if start is not None:
            ahead.append([self._pool.submit(self.sample, number) for number in range(start, start + count)])

    def _path(self, number: int) -> str:
        """Return the file of a sample; every epoch has its own permutation of the files."""
        epoch, place = divmod(number + _OFFSET * len(self.paths), len(self.paths))
        return self.paths[int(self._order(epoch)[place])]

    def _order(self, epoch: int) -> NDArray[np.int64]:
        order = self._orders.get(epoch)
        if order is None:
            order = np.random.default_rng((self.seed, epoch, 7)).permutation(len(self.paths))
            self._orders = {**dict(list(self._orders.items())[-2:]), epoch: order}
        return order

    def _crop(self, path: str, random: np.random.Generator) -> NDArray[np.uint8]:
        zoom = float(np.exp(random.uniform(0.0, np.log(self.zoom))))
        across, down = random.uniform(size=2)
        mirrored = self.flip and bool(random.integers(2))

        def box(picture: Image.Image, aspect: tuple[int, int]) -> Box:
            shorter = min(picture.size)
            side = shorter / min(zoom, max(1.0, _ENLARGE * shorter / self.crop))
            left, top = across * (picture.width - side), down * (picture.height - side)
            return left, top, left + side, top + side

        pixels = decode(path, (self.crop, self.crop), crop=box, crop_px=int(np.ceil(self.crop * zoom)))
        return np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
