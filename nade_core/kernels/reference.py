"""NADE as it is defined, one conditional at a time (Larochelle & Murray, 2011).

    a_1 = a0,   a_{i+1} = a_i + x_i W_i        the hidden pre-activation, updated by one pixel
    h_i = act(a_i)                             what the model knows before pixel i
    logit_i = b_i + V_i . h_i                  p(x_i = 1 | x_<i) = sigmoid(logit_i)

Everything here stands in generation order: x (B, D) of 0 and 1; W, V (D, H); b (D,); a0 (B, H), which
is the hidden bias c (plus the vector of a class). Any dtype, any device, differentiable. The other
backends share these three signatures and are proven against this file.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

ACTIVATIONS = {"sigmoid": torch.sigmoid, "relu": torch.relu}


def logits(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """The logits of all conditionals p(x_i = 1 | x_<i) of given images: (B, D)."""
    act, a, columns = ACTIVATIONS[activation], a0, []
    for i in range(x.shape[1]):
        h = act(a)
        columns.append(b[i] + h @ V[i])
        a = a + x[:, i, None] * W[i]
    return torch.stack(columns, dim=1)


def log_prob(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """log p(x) = sum_i log p(x_i | x_<i) in nats: (B,)."""
    return -F.binary_cross_entropy_with_logits(logits(x, W, V, b, a0, activation), x, reduction="none").sum(1)


def sample(u: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str, temperature: float) -> Tensor:
    """Images from uniforms u (B, D): x_i = 1 where u_i < sigmoid(logit_i / temperature); (B, D) of 0 and 1."""
    act, a, columns = ACTIVATIONS[activation], a0, []
    for i in range(u.shape[1]):
        h = act(a)
        x_i = (u[:, i] < torch.sigmoid((b[i] + h @ V[i]) / temperature)).to(a.dtype)
        columns.append(x_i)
        a = a + x_i[:, None] * W[i]
    return torch.stack(columns, dim=1)
