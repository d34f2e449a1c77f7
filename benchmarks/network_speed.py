"""Time in which MosaicNet trains and predicts, compared with TensorFlow and a plain PyTorch program.

    python -m benchmarks network-speed [--tensorflow] [--threads N] [--repeats N] [--json FILE]

The plain program is PyTorch as one would write it from the paper: VGG16 as modules in their default memory order, and a
separate pass for the encoder, for the target at each scale and for the mosaic at each scale. With --tensorflow the
graph of the published program, built from its description, is measured too, in its own environment under .benchmarks/.
Every case runs in its own process, so that its peak memory can be measured. Times are medians after two rounds of
warm-up. Ratios compare CPU seconds of processes, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import network_cases as cases
from benchmarks.common import ROOT, WORK, measure_work, own_process, peak_mib, table

TENSORFLOW = WORK / "venvs" / "tensorflow"
REQUIREMENTS = "tensorflow-cpu==2.21.0"
PROGRAMS = {
    "tensorflow onednn": "TensorFlow graph",
    "tensorflow plain": "TensorFlow graph, oneDNN off",
    "plain float32": "plain PyTorch",
    "ours float32": "ours, float32",
    "ours bfloat16": "ours, bfloat16",
}
KINDS = {"step": "a training step", "predict": "a prediction"}
Figures = dict[str, float]


def tensorflow_python() -> Path:
    """Return the interpreter of an environment with TensorFlow, which is made if it is missing."""
    marker, python = TENSORFLOW / "installed.txt", TENSORFLOW / "bin" / "python"
    if not marker.is_file() or marker.read_text() != REQUIREMENTS:
        print("installing TensorFlow ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(TENSORFLOW)], check=True, capture_output=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", REQUIREMENTS], check=True, capture_output=True)
        marker.write_text(REQUIREMENTS)
    return python


def run_here(case: str, repeats: int) -> Figures:
    """Measure one case of PyTorch in this process."""
    import torch

    from perceptual_photomosaic.features.vgg_weights import load_vgg_weights

    kind, who, precision = case.split()
    dtype = getattr(torch, precision)
    if kind == "convolution":
        work, count = cases.convolution(dtype)
        figures = measure_work(work, repeats * 5)
        return figures | {"gflops": count / figures["cpu_s"] / 1e9}
    weights = replace(load_vgg_weights(), pooling="max")  # the paper's pooling, for both
    if who == "plain":
        work = cases.plain_step(weights) if kind == "step" else cases.plain_predict(weights)
    else:
        work = cases.our_work(kind, weights, dtype)
    figures = measure_work(work, repeats)
    return figures | {"peak_mib": peak_mib()}


def run_apart(case: str, threads: int, repeats: int) -> Figures:
    """Measure one case in its own process."""
    kind, who, how = case.split()
    options = ["--threads", str(threads), "--repeats", str(repeats)]
    figures: Figures
    if who == "tensorflow":
        environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1" if how == "onednn" else "0"}
        command = [str(tensorflow_python()), "-m", "benchmarks.peers.runners.run_tensorflow", kind, *options]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        figures = json.loads(ran.stdout)
    else:
        figures = own_process("network-speed", "--case", case, *options)
    print(f"{case}: {figures}", file=sys.stderr, flush=True)
    return figures


def costs(found: dict[str, Figures]) -> str:
    """Return a table of all programs, with ratios to the yardsticks that were measured."""
    yardsticks = [who for who in ("tensorflow onednn", "tensorflow plain", "plain float32") if f"step {who}" in found]
    heads = ["", "program", "CPU s", "wall s", "peak MiB"]
    heads += [f"time / {PROGRAMS[who]}" for who in yardsticks] + [f"memory / {PROGRAMS[yardsticks[0]]}"]
    rows = []
    for kind, title in KINDS.items():
        for who, program in PROGRAMS.items():
            if f"{kind} {who}" not in found:
                continue
            mine = found[f"{kind} {who}"]
            row = [title, program, f"{mine['cpu_s']:.3f}", f"{mine['wall_s']:.3f}", f"{mine['peak_mib']:.0f}"]
            row += [f"{mine['cpu_s'] / found[f'{kind} {yardstick}']['cpu_s']:.2f}" for yardstick in yardsticks]
            row.append(f"{mine['peak_mib'] / found[f'{kind} {yardsticks[0]}']['peak_mib']:.2f}")
            rows.append(row)
    return table(heads, rows)


def throughput(found: dict[str, Figures]) -> list[str]:
    """Return lines on the speed of a convolution alone, the share of it that a step reaches, and the shortest times."""
    lines = []
    for precision in ("float32", "bfloat16"):
        alone = found[f"convolution alone {precision}"]["gflops"]
        reached = cases.operations("step") / found[f"step ours {precision}"]["cpu_s"] / 1e9
        lines.append(
            f"- In {precision} one convolution alone reaches {alone:.0f} GFLOP/s on this machine; our step, all else "
            f"included, {reached:.0f}: {reached / alone:.0%} (counted as plain convolutions, whatever the algorithm)."
        )
        for kind, title in KINDS.items():
            least = cases.operations(kind) / alone / 1e9
            compared = found.get(f"{kind} tensorflow onednn")
            share = f", {least / compared['cpu_s']:.2f} of the TensorFlow graph's time" if compared else ""
            lines.append(f"- At that rate the convolutions of {title} take {least:.3f} s{share}.")
    return lines


def likeness(models: tuple[str, ...]) -> str:
    """Return a table of the agreement of bfloat16 with float32."""
    heads = ["model", "photograph", "cells with the same tile"]
    heads += ["the paper's loss differs by", "the model's own loss by"]
    found = cases.agreement(models)
    return table(heads, [[model, photo, *(f"{share:.2%}" for share in shares)] for model, photo, *shares in found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensorflow", action="store_true", help="measure the published graph in TensorFlow too")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--models", default="glyphs,emoji", help="shipped models to compare bfloat16 on")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        import torch

        torch.set_num_threads(options.threads)
        print(json.dumps(run_here(options.case, options.repeats)))
        return
    programs = [who for who in PROGRAMS if options.tensorflow or not who.startswith("tensorflow")]
    asked = [f"convolution alone {precision}" for precision in ("float32", "bfloat16")]
    asked += [f"{kind} {who}" for kind in KINDS for who in programs]
    found: dict[str, Any] = {case: run_apart(case, options.threads, options.repeats) for case in asked}
    print("### Time and memory\n")
    step_px, predict_px = f"{cases.STEP_PX} x {cases.STEP_PX} px", f"{cases.PREDICT_PX} x {cases.PREDICT_PX} px"
    print(f"A training step: batch 1, {step_px}, {cases.TEMPLATES} templates, the paper's loss.")
    print(f"A prediction: {predict_px} to its hard mosaic. Threads: {options.threads}.")
    print("\n".join(["", costs(found), "", *throughput(found)]))
    print("\n### bfloat16 against float32\n\nPhotographs of scikit-image, 512 x 512 px.\n")
    print(likeness(tuple(options.models.split(","))))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
