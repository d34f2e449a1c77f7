"""Tables of the results of `peer-quality`: the figures of every entrant, and each peer's setting beside ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.common import ROOT, table
from perceptual_photomosaic.evaluate import VarietyFigures, clearly_less_varied

REPORTED_PX = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
NEAR_PX = (8.0, 4.0, 2.0)
WORDS = {"delta_e_mean": "CIEDE2000", "ssim": "SSIM"}

_NOTICED = 0.1
"""Smallest error of tiles' own colours, in CIEDE2000, that counts as a change of the tiles."""
_OFF = (
    "Tiles off by: CIEDE2000 between the mean light of the tiles in the mosaic and of their files, which have the size "
    "of a cell. Where it is not 0 the tool, or its setting, has changed them: letters and drawings that are shrunk or "
    "smoothed as sRGB values come out darker."
)

_VARIETY = {
    "commonest": ("commonest", ".1%"),
    "ten_commonest": ("ten commonest", ".1%"),
    "effective": ("effective", ".0f"),
    "largest_area": ("largest area", ".0f"),
    "equal_neighbours": ("same beside", ".1%"),
    "within_3": ("same within 3", ".1%"),
}
_TONE = ("plates", "grain", "bias")
_REPETITIVE = (
    "A setting is the more repetitive of two if its effective number of tiles is under 0.8 of the other's, or its "
    "commonest tile has over 1.5 times the share. What it wins, it does not win at equal variety."
)

Results = list[dict[str, Any]]
"""Results of mosaics, one for each, as `quality.run_one` returns them."""


def markdown(data: dict[str, Any]) -> str:
    """Return for each tile set two tables of means over the targets: the figures, and the better tool of each pair."""
    grid = data["grid"]
    lines = [
        f"{grid['columns']} x {grid['rows']} cells; {data['machine']}; {data['date']}. CIEDE2000 / SSIM by pixels per"
        " cell; judge and FLIP as means over 8, 4 and 2 px per cell; whole process, cold.",
        "",
    ]
    for tiles_set in dict.fromkeys(r["tiles_set"] for r in data["results"]):
        rows = [r for r in data["results"] if r["tiles_set"] == tiles_set]
        targets = list(dict.fromkeys(r["target"] for r in rows))
        lines += [f"### {tiles_set}: {', '.join(targets)}", ""]
        known = any(r.get("tiles_off") is not None for r in rows)
        heads = ["entrant", "tiles", "uses", *(f"{d:g} px" for d in REPORTED_PX)]
        heads += ["judge", "FLIP", *["tiles off by"] * known, "wall s", "CPU s", "MB"]
        by_entrant = {e["name"]: [r for r in rows if r["entrant"] == e["name"]] for e in data["entrants"]}
        made = [entrant for entrant in data["entrants"] if by_entrant[entrant["name"]]]
        lines += [table(heads, [_row(entrant, by_entrant[entrant["name"]], known) for entrant in made])]
        lines += ["", *[_OFF, ""] * known, *_varieties(data["entrants"], by_entrant)]
        lines += _contests(data["entrants"], by_entrant)
        for sheet in sorted((ROOT / "docs" / "images").glob(f"peers-{tiles_set}-*.webp")):  # see gallery.py
            lines += [f"![The mosaics side by side: whole, and a part up close](images/{sheet.name})", ""]
    versions = ", ".join(f"{peer} {version}" for peer, version in data["versions"].items())
    return "\n".join([*lines, f"Versions: {versions} (apt is metapixel).", ""])


def _row(entrant: dict[str, str], mine: Results, known: bool) -> list[str]:
    head = [entrant["name"], entrant["tiles"], entrant["uses"]]
    done = [r for r in mine if "views" in r]
    if len(done) < len(mine):
        reasons = {r["skipped"] for r in mine if "skipped" in r}
        return [*head, f"{len(mine) - len(done)} of {len(mine)} failed: {'; '.join(sorted(reasons))}"]

    def cost(figure: str) -> float:
        return float(np.mean([r["cost"][figure] for r in done]))

    distances = [f"{mean_at(done, 'delta_e_mean', d):.2f} / {mean_at(done, 'ssim', d):.3f}" for d in REPORTED_PX]
    seen = [f"{mean_near(done, figure):.3f}" for figure in ("judge", "flip")]
    seen += [f"{_off(done):.2f}"] * known
    return [*head, *distances, *seen, f"{cost('wall_s'):.1f}", f"{cost('cpu_s'):.1f}", f"{cost('peak_mb'):.0f}"]


def mean_at(done: Results, figure: str, cell_px: float) -> float:
    """Return the mean of a figure over mosaics; nan where it was not measured."""
    values = [v[figure] for r in done for v in r["views"] if v["cell_px"] == cell_px]
    return float("nan") if None in values else float(np.mean(values))


def _off(done: Results) -> float:
    """Return the error of tiles' own colours, CIEDE2000; 0 where it was not measured."""
    return float(np.mean([r.get("tiles_off") or 0.0 for r in done]))


def mean_variety(done: Results) -> VarietyFigures | None:
    """Return the means of all figures of variety over mosaics; None where a mosaic has none."""
    found = [r.get("variety") for r in done]
    known = [variety for variety in found if variety is not None]
    if not known or len(known) < len(found):
        return None
    means = {figure: float(np.mean([variety[figure] for variety in known])) for figure in _VARIETY}
    return VarietyFigures(**means)  # type: ignore[arg-type]  # a mean of areas is no whole number


def mean_tone(done: Results, figure: str) -> float:
    """Return the mean of plates, grain or bias over mosaics; nan where it was not measured."""
    values = [r["tone"][figure] for r in done if r.get("tone") and r["tone"][figure] is not None]
    return float(np.mean(values)) if values and len(values) == len(done) else float("nan")


def more_repetitive(one: Results, other: Results) -> int:
    """Return -1 where `one` is clearly the more repetitive, 1 where `other` is, 0 where neither or not known."""
    first, second = mean_variety(one), mean_variety(other)
    if first is None or second is None:
        return 0
    return clearly_less_varied(second, first) - clearly_less_varied(first, second)


def _varieties(entrants: list[dict[str, str]], by_entrant: dict[str, Results]) -> list[str]:
    """Return a table of the variety of every entrant's mosaics, and of their plates, grain and bias."""
    rows = []
    for entrant in entrants:
        done = by_entrant[entrant["name"]]
        varied = mean_variety(done)
        if varied is None or not all("views" in r for r in done):
            continue
        figures = [f"{getattr(varied, figure):{style}}" for figure, (_, style) in _VARIETY.items()]
        figures += [f"{mean_tone(done, figure):.2f}" for figure in _TONE]
        rows.append([entrant["name"], entrant["tiles"], entrant["uses"], *figures])
    if not rows:
        return []
    heads = ["entrant", "tiles", "uses", *(title for title, _ in _VARIETY.values()), *_TONE]
    return [
        "How varied they are: shares of cells, effective number of tiles, cells of the largest area of one tile; and "
        "what docs/use/evaluation.md calls plates, grain and bias (lower is better). Cells that look alike count as "
        "one tile: where tiles are brightened, that is more than there are.",
        "",
        table(heads, rows),
        "",
    ]


def mean_near(done: Results, figure: str) -> float:
    """Return the mean of a figure over mosaics and over 8, 4 and 2 px per cell."""
    return float(np.mean([mean_at(done, figure, px) for px in NEAR_PX]))


def _contests(entrants: list[dict[str, str]], by_entrant: dict[str, Results]) -> list[str]:
    """Return a table that compares each setting of a peer with ours of the same rules for tiles."""
    finished = [e for e in entrants if by_entrant[e["name"]] and all("views" in r for r in by_entrant[e["name"]])]
    rows = []
    for theirs in (e for e in finished if e["peer"] != "ours"):
        rivals = [
            e
            for e in finished
            if e["peer"] == "ours"
            and e["uses"] == theirs["uses"]
            and e["tiles"].startswith("as is") == theirs["tiles"].startswith("as is")
        ]
        behind = {e["name"]: _not_better(by_entrant[e["name"]], by_entrant[theirs["name"]]) for e in rivals}
        if not behind:
            continue
        rank = {  # settings that are better by repetition come last
            name: (more_repetitive(by_entrant[name], by_entrant[theirs["name"]]) < 0, len(", ".join(lost)))
            for name, lost in behind.items()
        }
        usual, best = next(iter(behind)), min(behind, key=lambda name: rank[name])
        said = [_verdict(name, behind[name], by_entrant[name], by_entrant[theirs["name"]]) for name in (usual, best)]
        changed = _off(by_entrant[theirs["name"]])
        name = theirs["name"] + (f" (tiles {changed:.1f} off)" if changed > _NOTICED else "")
        rows.append([name, said[0], said[1] if best != usual else ""])
    if not rows:
        return []
    return [
        "In which figures (CIEDE2000 and SSIM at six distances, and the judge: 13) ours is better than each setting of "
        "a peer that may do the same with tiles; in brackets ours and theirs:",
        "",
        table(["setting", "ours as it comes", "for another distance, or with other weights"], rows),
        "",
        *[_REPETITIVE, ""] * any("more repetitive" in verdict for row in rows for verdict in row),
    ]


def _verdict(name: str, behind: list[str], ours: Results, theirs: Results) -> str:
    """Return the figures in which ours is better, and the more repetitive of both, in words."""
    said = f"{name}: all{' but ' if behind else ''}{'; '.join(behind)}"
    whose = {-1: "ours", 1: "theirs"}.get(more_repetitive(ours, theirs))
    return f"{said} ({whose} is the more repetitive)" if whose else said


def _not_better(ours: Results, theirs: Results) -> list[str]:
    """Return the figures in which ours are not better, by name, with both values; unmeasured ones are left out."""
    lost = []
    for figure, digits, sign in (("delta_e_mean", 2, -1), ("ssim", 4, 1)):
        pairs = [(px, mean_at(ours, figure, px), mean_at(theirs, figure, px)) for px in REPORTED_PX]
        here = [f"{px:g} ({a:.{digits}f}, {b:.{digits}f})" for px, a, b in pairs if sign * a <= sign * b]
        if here:
            lost.append(f"{WORDS[figure]} at {', '.join(here)} px")
    mine, other = mean_near(ours, "judge"), mean_near(theirs, "judge")
    if mine >= other:
        lost.append(f"the judge ({mine:.4f}, {other:.4f})")
    return lost
