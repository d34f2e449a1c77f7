"""Time and memory of predictions of large pictures, window by window.

    python -m benchmarks network-windows [--sizes 2500x1875,5000x3750,20000x15000] [--precision bfloat16] [--threads N]

The picture is a photograph of scikit-image, enlarged; the model is `glyphs`. Every size runs in its own process. The
largest takes about 20 minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import time

from benchmarks.common import own_process, peak_mib, table

BAND_PX = 500
SIZES = "2500x1875,5000x3750,20000x15000"


def measure(width: int, height: int, precision: str) -> dict[str, float]:
    """Predict one picture in this process."""
    import numpy as np
    import skimage.data
    import torch
    from PIL import Image

    from perceptual_photomosaic.models.prediction import predict_assignment
    from perceptual_photomosaic.models.store import load_model

    small = Image.fromarray(skimage.data.astronaut())
    picture = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, BAND_PX):  # without copies of the picture's size
        bottom = min(top + BAND_PX, height)
        box = (0, top * small.height / height, small.width, bottom * small.height / height)
        picture[top:bottom] = small.resize((width, bottom - top), Image.Resampling.BICUBIC, box)
    net, _ = load_model("glyphs", dtype=getattr(torch, precision))
    wall, cpu = time.perf_counter(), time.process_time()
    predict_assignment(net, picture)
    took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    return took | {"peak_mib": peak_mib(), "picture_mib": picture.nbytes / 2**20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--precision", default="bfloat16", choices=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        import torch

        torch.set_num_threads(options.threads)
        width, height = map(int, options.case.split("x"))
        print(json.dumps(measure(width, height, options.precision)))
        return
    print(f"### Windows\n\nModel `glyphs`, {options.precision}, threads: {options.threads}.\n")
    rows = []
    for size in options.sizes.split(","):
        how = ["--precision", options.precision, "--threads", str(options.threads)]
        took = own_process("network-windows", "--case", size, *how)
        width, height = map(int, size.split("x"))
        rate = took["cpu_s"] / (width * height / 1e6)
        row = [f"{width} x {height}", f"{took['cpu_s']:.0f}", f"{took['wall_s']:.0f}", f"{rate:.1f}"]
        rows.append([*row, f"{took['peak_mib']:.0f}", f"{took['picture_mib']:.0f}"])
    print(table(["picture", "CPU s", "wall s", "CPU s a megapixel", "peak MiB", "of which the picture"], rows))
    print(
        "\nFeatures are kept between the two passes while they fit into 256 MiB, and computed twice in larger "
        "pictures. Beyond the picture itself, memory depends on the window, not on the size."
    )
