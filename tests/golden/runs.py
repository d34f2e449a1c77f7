"""Checks of schedules, training runs and files: families schedule, train and io."""

from __future__ import annotations

import io as streams
from typing import Any

import numpy as np
import torch
from PIL import Image

from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet
from perceptual_photomosaic.training.schedule import paper_learning_rate, paper_temperature_rate, paper_temperatures
from tests.golden import recipes
from tests.golden.families import PARAMETERS, as_stored, channels_last, paper_net
from tests.golden.published_loop import (
    PaperRun,
    output_name,
    paper_decode,
    paper_forward,
    paper_hard,
    paper_order,
    paper_validation,
    stretch_to_bytes,
    to_batch,
)
from tests.golden.report import Golden


def schedule(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    settings = config["config"]
    for i, arguments in enumerate(settings["schedule_inputs"]):
        golden.close(f"fn{i}.args", arguments, 0.0, "abs")
        golden.close(f"fn{i}.result", paper_temperature_rate(*arguments), 1e-12, "rtol")
    for loop in settings["loops"]:
        key, steps = f"loop_{loop['name']}", loop["iters"] - 1
        golden.exact(f"{key}.dataset_size", loop["ds"])
        golden.exact(f"{key}.batch_size", loop["bs"])
        golden.exact(f"{key}.init_temperature", loop["t0"])
        golden.exact(f"{key}.iterations_option", loop["iters"])
        golden.exact(f"{key}.iteration", np.arange(1, steps + 1))
        golden.close(f"{key}.temperature", paper_temperatures(steps, loop["t0"], loop["ds"], loop["bs"]), 1e-12, "rtol")
    rates = settings["lr_loop"]
    golden.exact("lr.base", rates["lr"])
    golden.exact("lr.iterations_option", rates["iters"])
    golden.exact("lr.iteration", np.arange(1, rates["iters"]))
    golden.close("lr.value", [paper_learning_rate(rates["lr"], i) for i in range(1, rates["iters"])], 1e-6, "rtol")
    resume = settings["resume"]
    for part in ("ds", "bs", "t0", "first", "chk", "second"):
        golden.exact(f"resume.{part}", resume[part])
    saved = range(resume["chk"], resume["first"], resume["chk"])
    golden.exact("resume.snapshots", [f"checkpoint_iter-{i:08d}.index" for i in saved])
    golden.exact("resume.iteration", np.arange(saved[-1], resume["second"]))
    again = paper_temperatures(resume["second"] - 1, resume["t0"], resume["ds"], resume["bs"], first=saved[-1])
    golden.close("resume.temperature", again, 1e-12, "rtol")


def train(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    for case in config["config"]["train"]:
        with golden.part(case["name"]):
            one_run(golden, case, network)


def one_run(golden: Golden, case: dict[str, Any], network: VGG16) -> None:
    key = case["name"]
    images = recipes.smooth_pictures(case["img_seed"], case["n_img"], case["h"], case["w"])
    templates = recipes.templates(case["tpl_seed"], case["n"])
    golden.exact(f"{key}.image_bytes_sum", images.sum(dtype=np.int64))
    golden.exact(f"{key}.template_bytes_sum", templates.sum(dtype=np.int64))
    start = recipes.decoder_layers(case["w_seed"], case["n"], zero_bias=True)
    net = paper_net(network, templates, start)
    loss = PerceptualLoss(network, LossSettings.parse(*case["loss"]))
    run = PaperRun(net, loss, list(images), case["iters"], case["lr"], case["t0"], case["bs"])
    steps, validations = [], []
    check = case.get("val")
    kept: dict[str, torch.Tensor] = {}
    for step in run:
        steps.append(step)
        if check and step[0] % check["freq"] == 0:
            validations.append((step[0], validate(golden, key, case, net, loss, step[1], first=not validations)))
        if step[0] == case.get("chk"):
            kept = {name: value.clone() for name, value in net.decoder.state_dict().items()}
    near = 1e-5 if case["lr"] <= 1e-5 else 1e-4
    golden.exact(f"{key}.iteration", [step[0] for step in steps])
    golden.close(f"{key}.temperature", [step[1] for step in steps], 1e-12, "rtol")
    golden.close(f"{key}.learning_rate", [step[2] for step in steps], 1e-6, "rtol")
    golden.close(f"{key}.loss", [step[3] for step in steps], near, "rtol")
    with torch.no_grad():
        last = paper_forward(net, loss, to_batch(list(images[: case["bs"]])), case["t0"])[2]
    golden.close(f"{key}.final_loss_on_first_batch", last, 1e-4, "rtol")
    parameters(golden, key, run, start)
    if check:
        golden.exact(f"{key}.val_iteration", [step for step, _ in validations])
        golden.close(f"{key}.val_loss", [value for _, value in validations], 1e-4, "rtol")
        names = [f"{step}/{output_name(i)}" for step, _ in validations for i in range(check["n_img"])]
        file_names(golden, f"{key}.val_files", names)
    if kept:
        net.decoder.load_state_dict(kept)
        predict(golden, case, net)


def parameters(golden: Golden, key: str, run: PaperRun, start: dict[str, Any]) -> None:
    """Check the final weights, their change since the start, and the moments of Adam."""
    for name, ours in PARAMETERS.items():
        value = run.net.decoder.get_parameter(ours)
        final = as_stored(name, value)
        state = run.optimizer.state[value]
        near = (1e-3, "max") if final.ndim == 4 else (2e-2, "l2")  # biases start at 0, so they consist of changes only
        golden.sampled(f"{key}.final.{name}", final, *near, norm=1e-3)
        moved = final.astype(np.float64) - start[name.replace("_", "/")]
        golden.sampled(f"{key}.delta.{name}", moved, 2e-2, "l2", norm=1e-3)
        golden.sampled(f"{key}.adam.{name}_Adam", as_stored(name, state["exp_avg"]), 1e-2, "l2", norm=5e-3)
        golden.sampled(f"{key}.adam.{name}_Adam_1", as_stored(name, state["exp_avg_sq"]), 1e-2, "l2", norm=5e-3)


def validate(
    golden: Golden,
    key: str,
    case: dict[str, Any],
    net: MosaicNet,
    loss: PerceptualLoss,
    temperature: float,
    first: bool,
) -> float:
    check = case["val"]
    images = recipes.smooth_pictures(check["img_seed"], check["n_img"], check["h"], check["w"])
    if first:
        hard = channels_last(paper_hard(net, to_batch(list(images[:1])), temperature))[0]
        pair = stretch_to_bytes(np.concatenate([images[0].astype(np.float64), hard], axis=1))
        wrong = differing(golden[f"{key}.val_written_first"], pair)
        golden.add(f"{key}.val_written_first", "cells differing", wrong, 0.02)
    return paper_validation(net, loss, list(images), case["bs"], temperature)


def file_names(golden: Golden, key: str, ours: list[str]) -> None:
    """Check the names of written files, without the folders that the program chooses."""
    depth = ours[0].count("/") + 1 if ours else 1
    golden.add(key, "equal", 0.0 if [last(name, depth) for name in golden[key].tolist()] == ours else np.inf, 0.0)


def last(path: str, depth: int) -> str:
    """Return the last parts of a path."""
    return "/".join(path.split("/")[-depth:])


def differing(want: Any, have: Any, cell: int = 8) -> float:
    """Return the share of the 8 x 8 cells that differ by more than 1 level of 255; infinite if the sizes differ.

    The rounded range of a picture that is stretched before it is written may cause differences of one level.
    """
    if want.shape != have.shape:
        return float("inf")
    wrong = (np.abs(want.astype(int) - have) > 1).any(-1)
    rows, columns = wrong.shape[0] // cell, wrong.shape[1] // cell
    return float(wrong.reshape(rows, cell, columns, cell).any((1, 3)).mean())


def predict(golden: Golden, case: dict[str, Any], net: MosaicNet) -> None:
    golden.exact("predict.sizes", [size for _, *size in case["predict"]])
    names = [output_name(i) for i in range(len(case["predict"]))]
    file_names(golden, "predict.files", names)
    for i, (seed, height, width) in enumerate(case["predict"]):
        hard = channels_last(paper_hard(net, to_batch(list(recipes.smooth_pictures(seed, 1, height, width)))))[0]
        golden.add(f"predict.hard{i}", "cells differing", differing(golden[f"predict.hard{i}"], hard), 0.02)
        stored = golden[f"predict.hard{i}"].astype(np.float32)
        golden.exact(f"predict.written{i}", stretch_to_bytes(stored))


def io(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    for key in [key for key in golden.arrays if key.startswith("decode.") and key.endswith(".rgb")]:
        with golden.part(key):
            data = golden[f"{key.removesuffix('.rgb')}.bytes"].tobytes()
            if data.startswith(b"\xff\xd8"):  # JPEG: decoders differ
                golden.close(key, paper_decode(data), 3.0, "abs")
            else:
                golden.exact(key, paper_decode(data))
    with golden.part("templates"):
        loaded_templates(golden)
    golden.exact("write.bytes", [stretch_to_bytes(image) for image in golden["write.images"]])
    golden.exact("write.files", [output_name(int(name.split(".")[0])) for name in golden["write.files"].tolist()])


def loaded_templates(golden: Golden) -> None:
    """Check the order and the colours in which the published program read templates."""
    files: dict[str, bytes] = {}
    for name, mode, picture in zip(
        golden["templates.source_filename"].tolist(),
        golden["templates.source_mode"].tolist(),
        golden["templates.source"],
        strict=True,
    ):
        stream = streams.BytesIO()
        Image.fromarray(picture).convert(mode).save(stream, "PNG")
        files[name] = stream.getvalue()
    order = paper_order(list(files))
    loaded = np.stack([paper_decode(files[name]) for name in order])
    golden.exact("templates.loaded_filename_order", order)
    golden.exact("templates.loaded", loaded)
    golden.exact("templates.loaded_shape", (1, *loaded.shape[1:], len(loaded)))
