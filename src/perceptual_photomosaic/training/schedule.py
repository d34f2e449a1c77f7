"""How temperature and learning rate change over a training run.

`Paper*` are the published code's schedules, number for number; the others say what a person would expect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Schedule", "paper_learning_rate", "paper_temperature_rate", "paper_temperatures"]


@dataclass(frozen=True)
class Schedule:
    """Temperature and learning rate as functions of the step, 1 .. steps.

    The temperature rises from `temperature` to `final_temperature`, evenly in its logarithm, over the first `rise` of
    the run, and stays. The learning rate warms up linearly over `warmup` steps, and falls to a twentieth along half a
    cosine.

    Args:
        steps: Length of the run.
        learning_rate: The highest.
        temperature: At the first step.
        final_temperature: After the rise.
        rise: Part of the run, 0..1.
        warmup: Steps.
    """

    steps: int
    learning_rate: float
    temperature: float
    final_temperature: float
    rise: float = 0.8
    warmup: int = 50

    def temperature_at(self, step: int) -> float:
        """Temperature at a step."""
        part = min(1.0, (step - 1) / max(1.0, self.rise * self.steps))
        return float(self.temperature * (self.final_temperature / self.temperature) ** part)

    def learning_rate_at(self, step: int) -> float:
        """Learning rate at a step."""
        part = min(1.0, step / self.steps)
        return self.learning_rate * min(1.0, step / self.warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * part)))


def paper_temperature_rate(
    initial: float, cap: float, every: float, dataset_size: float, batch_size: float
) -> tuple[float, float]:
    """Increment of the temperature and number of increments, so that the cap is met after half an epoch."""
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
    """Temperature of each step from `first` to `steps`.

    It rises at every tenth step while the count of rises is at most their number: once more than planned, so that it
    ends above the cap, and in one leap for a small data set. That is what the published code did.
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
    """base * 0.96 ^ floor(step / 100)."""
    return base * 0.96 ** (step // 100)
