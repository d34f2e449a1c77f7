"""Run mosaicraft with its own placement, but without its tint, overlay and post-processing.

Executed by the Python of mosaicraft's own environment. Every preset recolours tiles toward the target, blends the
target in and post-processes. The profile below switches off the first two with mosaicraft's own settings. The last
cannot be switched off; here it returns the assembled mosaic unchanged.
"""

from __future__ import annotations

import mosaicraft.core
from job import job_parser
from mosaicraft import MosaicGenerator
from mosaicraft.presets import get_preset


def main() -> None:
    parser = job_parser()
    parser.add_argument("--placement", choices=["hungarian", "faiss_diffusion"], required=True)
    parser.add_argument("--diffusion", type=float, default=0.85)
    parser.add_argument("--augment", action="store_true", help="mirrored and brightened copies, mosaicraft's default")
    args = parser.parse_args()

    profile = get_preset("ultra") | {
        "placement": args.placement,
        "error_diffusion_strength": args.diffusion,
        "color_transfer": "none",
        "base_blend_min": 0.0,
        "base_blend_max": 0.0,
        "laplacian_blend": False,
        "feather_width": 0,
    }
    mosaicraft.core.postprocess = lambda mosaic, profile: mosaic
    generator = MosaicGenerator(args.tiles, preset=profile, augment=args.augment)
    result = generator.generate(
        args.target, args.out, target_tiles=args.columns * args.rows, tile_size=args.cell_px, dedup_radius=0
    )
    if (result.grid_cols, result.grid_rows) != (args.columns, args.rows):
        raise SystemExit(f"mosaicraft made {result.grid_cols} x {result.grid_rows} cells")


if __name__ == "__main__":
    main()
