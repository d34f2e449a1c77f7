"""Schedules of temperature and learning rate over a training run.

The functions `paper_*` give exactly the numbers of the published code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Schedule", "paper_learning_rate", "paper_temperature_rate", "paper_temperatures"]


@dataclass(frozen=True)
class Schedule:
    """Temperature and learning rate as functions of the step, 1 .. steps.

    The logarithm of the temperature rises linearly from `temperature` to `final_temperature`. Then the temperature
    stays constant. The learning rate rises linearly during the warm-up, and falls to a twentieth along half a cosine.

    Args:
        steps: The number of steps of the run.
        learning_rate: The highest learning rate.
        temperature: The temperature at the first step.
        final_temperature: The temperature after its rise.
        rise: The share of the run in which the temperature rises, 0..1.
        warmup: The number of steps of the warm-up.
    """

    steps: int
    learning_rate: float
    temperature: float
    final_temperature: float
    rise: float = 0.8
    warmup: int = 50

    def temperature_at(self, step: int) -> float:
        """Return the temperature at a step."""
        part = min(1.0, (step - 1) / max(1.0, self.rise * self.steps))
        return float(self.temperature * (self.final_temperature / self.temperature) ** part)

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate at a step."""
        part = min(1.0, step / self.steps)
        return self.learning_rate * min(1.0, step / self.warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * part)))


def paper_temperature_rate(
    initial: float, cap: float, every: float, dataset_size: float, batch_size: float
) -> tuple[float, float]:
    """Return the increment of the temperature, and the number of increments that reach the cap in half an epoch."""
    updates = dataset_size / batch_size / 2 / every
    return (cap - initial) / updates, updates


def paper_temperatures(
    steps: int,
    initial: float,
    dataset_size: int,
    batch_size: int,
    cap: float = 15.0,
    every: int = 10,
    first: int = 1,
) -> list[float]:
    """Return the temperature of each step from `first` to `steps`.

    It rises at every `every`-th step, as in the published code: once more than planned, so that it ends above `cap`.
    For a small data set it rises only once, by a large increment.
    """
    increment, updates = paper_temperature_rate(initial, cap, every, dataset_size, batch_size)
    temperatures, temperature, done = [], initial, 0
    for step in range(first, steps + 1):
        if step % every == 0 and done <= updates:
            temperature += increment
            done += 1
        temperatures.append(temperature)
    return temperatures


def paper_learning_rate(base: float, step: int) -> float:
    """Return the learning rate at a step: base * 0.96 ^ floor(step / 100)."""
    return base * 0.96 ** (step // 100)
