"""The published network and loss as a TensorFlow 1 graph, built from their description: a yardstick.

    python -m benchmarks.peers.runners.run_tensorflow step|predict --threads N --repeats N

Runs in its own environment, which `network-speed` makes. As in the published program, VGG16 is built seven times over
one set of frozen variables: for the encoder, and for target and mosaic at each of three scales. (TensorFlow merges the
encoder with the pass over the full-size target, as they are equal.) Prints median seconds, peak memory and version as
JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow

from benchmarks.common import measure_work, peak_mib
from benchmarks.network_cases import LAYERS, PREDICT_PX, STEP_PX, TEMPLATES

tf = tensorflow.compat.v1
WIDTHS = {"1": (64, 64), "2": (128, 128), "3": (256, 256, 256), "4": (512, 512, 512), "5": (512, 512, 512)}


def vgg16(images: Any, random: np.random.Generator) -> dict[str, Any]:
    """Return all layers of VGG16 by name; every call uses the same variables."""
    red, green, blue = tf.split(images, 3, axis=3)
    x = tf.concat([blue - 103.939, green - 116.779, red - 123.68], axis=3)
    found = {}
    for block, widths in WIDTHS.items():
        for i, width in enumerate(widths, start=1):
            name, cin = f"conv{block}_{i}", int(x.shape[3])
            with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
                start = random.normal(0.0, math.sqrt(2 / (9 * cin)), (3, 3, cin, width)).astype(np.float32)
                kernel = tf.get_variable("filter", initializer=start, trainable=False)
                bias = tf.get_variable("biases", initializer=np.zeros(width, np.float32), trainable=False)
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME") + bias)
            found[name] = x
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        found[f"pool{block}"] = x
    return found


def layer_norm(x: Any) -> Any:
    mean, variance = tf.nn.moments(x, axes=[1, 2, 3], keepdims=True)
    return (x - mean) / tf.sqrt(variance + 1e-12)


def convolution(x: Any, name: str, side: int, width: int) -> Any:
    with tf.variable_scope(name):
        kernel = tf.get_variable("weight", (side, side, int(x.shape[3]), width))
        bias = tf.get_variable("bias", initializer=np.zeros(width, np.float32))
    return layer_norm(tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME") + bias)


def blur(x: Any, side: int, sigma: float, stride: int = 1) -> Any:
    axis = np.arange(side) - (side - 1) / 2
    profile = np.exp(-(axis**2) / (2 * sigma**2))
    kernel = np.outer(profile, profile)
    kernel = np.repeat((kernel / kernel.sum()).astype(np.float32)[:, :, None, None], 3, axis=2)
    return tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME")


def compose(coefficients: Any, templates: Any) -> Any:
    """Compose a mosaic from coefficients (B, cells, T), with one matrix product per colour, as published."""
    rows, columns, colours = templates["rows"], templates["columns"], []
    for colour in templates["pictures"]:  # (1, T, 64) each
        cells = tf.reshape(tf.matmul(coefficients, colour), [-1, rows, columns, 8, 8])
        colours.append(tf.reshape(tf.transpose(cells, [0, 1, 3, 2, 4]), [-1, rows * 8, columns * 8, 1]))
    return tf.concat(colours, axis=3)


def build(kind: str) -> tuple[Any, Any]:
    """Return the picture's placeholder and the result to fetch: a training step with its loss, or the hard mosaic."""
    random = np.random.default_rng(0)
    side = STEP_PX if kind == "step" else PREDICT_PX
    images = tf.placeholder(tf.float32, (1, side, side, 3))
    hidden = tf.nn.relu(convolution(vgg16(images, random)["pool3"], "conv6", 1, 256))
    logits = convolution(hidden, "conv7", 3, TEMPLATES)
    coefficients = tf.reshape(tf.nn.softmax(logits), [1, -1, TEMPLATES])
    pictures = [tf.constant(random.uniform(0, 255, (1, TEMPLATES, 64)).astype(np.float32)) for _ in range(3)]
    templates = {"rows": side // 8, "columns": side // 8, "pictures": pictures}
    hard = compose(tf.one_hot(tf.argmax(coefficients, axis=-1), TEMPLATES), templates)
    if kind == "predict":
        return images, hard
    mosaic = compose(coefficients, templates)
    loss = 0.0
    for scale in (0, 1, 2):
        size, sigma = 2**scale, math.sqrt(2**scale / 4)
        target = images if scale == 0 else blur(images, size + 1, sigma, size)
        ours = mosaic if scale == 0 else blur(mosaic, size + 1, sigma, size)
        wanted, found = vgg16(target, random), vgg16(blur(ours, 8, 3.0), random)
        loss += tf.add_n([tf.losses.mean_squared_error(wanted[name], found[name]) for name in LAYERS]) / 15
    return images, [tf.train.AdamOptimizer(6e-6).minimize(loss), loss]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["step", "predict"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    tf.disable_v2_behavior()
    images, fetched = build(options.kind)
    settings = tf.ConfigProto(
        intra_op_parallelism_threads=options.threads, inter_op_parallelism_threads=options.threads
    )
    picture = np.random.default_rng(1).uniform(0, 255, images.shape.as_list()).astype(np.float32)
    with tf.Session(config=settings) as session:
        session.run(tf.global_variables_initializer())
        figures: dict[str, Any] = measure_work(lambda: session.run(fetched, {images: picture}), options.repeats)
    figures["peak_mib"] = peak_mib()
    print(json.dumps(figures | {"version": tensorflow.__version__}))


if __name__ == "__main__":
    main()
