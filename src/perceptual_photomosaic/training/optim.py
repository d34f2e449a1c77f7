"""The optimiser Adam, as TensorFlow computes it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["TFAdam"]


class TFAdam(torch.optim.Optimizer):
    """Adam with TensorFlow's epsilon: lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon).

    PyTorch divides sqrt(v) by sqrt(1 - b2^t) before it adds epsilon. The difference matters for tiny gradients.
    Kingma and Ba, "Adam: a method for stochastic optimization", 2014, the remark below algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "epsilon": epsilon})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Take one step. Parameters without a gradient do not change."""
        assert closure is None
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(parameter)
                    state["exp_avg_sq"] = torch.zeros_like(parameter)
                state["step"] += 1
                state["exp_avg"].lerp_(parameter.grad, 1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(parameter.grad, parameter.grad, value=1 - beta2)
                rate = group["lr"] * math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
                parameter.addcdiv_(state["exp_avg"], state["exp_avg_sq"].sqrt().add_(group["epsilon"]), value=-rate)
