"""A small network for one pixel: p(r) p(g | r) p(b | r, g), each conditional a mixture of logistics.

For each channel a hidden layer sees the channels before it, x in [-1, 1], and answers with K weights, means and
scales: h = tanh(x U + a), (pi, m, s) = o + h V + x S. The probability of a level is the mass of its bin under the
mixture (Salimans et al., PixelCNN++, ICLR 2017): sum_k pi_k [F((high - m_k) / s_k) - F((low - m_k) / s_k)], F the
logistic function, the two outermost bins open. So the number of parameters does not grow with the number of levels.
"""

import numpy as np

HIDDEN, MIXTURE = 16, 4
STEPS, BATCH, RATE = 200, 1024, 0.04


def parameters(hidden: int = HIDDEN, mixture: int = MIXTURE) -> int:
    """All numbers of the three conditionals: 3K offsets, and for c channels before cH + H + 3KH + 3Kc."""
    outputs = 3 * mixture
    return sum(outputs + (c * hidden + hidden + hidden * outputs + c * outputs if c else 0) for c in range(3))


def chain_log_probs(train: np.ndarray, test: np.ndarray, levels: int, seed: int = 0) -> tuple[np.ndarray, int]:
    """Trains on rows (N, 3) of levels 0 to L - 1; log p of the test rows (M, 3) in nats, (M,) float64, and its size.

    The same seed gives the same numbers on the same machine. About half a second on one core: cache it.
    """
    import torch

    generator, found, size = torch.Generator().manual_seed(seed), torch.zeros(len(test), dtype=torch.float64), 0
    distinct, counts = np.unique(np.asarray(train, np.int64), axis=0, return_counts=True)
    colours, shares = torch.as_tensor(distinct), torch.as_tensor(counts / counts.sum(), dtype=torch.float32)
    for channel in range(3):
        theta = _fit(colours, shares, channel, levels, generator)
        size += sum(value.numel() for value in theta)
        with torch.no_grad():
            found += _log_prob(theta, torch.as_tensor(np.asarray(test, np.int64)), channel, levels)
    return found.numpy(), size


def _fit(colours, shares, channel: int, levels: int, generator) -> list:
    """The conditional of one channel by STEPS steps of Adam, the rate falling to 0.

    A step sees all colours (M, 3), weighed by their shares (M,) of the pixels; or BATCH drawn pixels, if M > BATCH.
    """
    import torch

    theta = [value.requires_grad_() for value in _start(channel, generator)]
    optimiser = torch.optim.Adam(theta, lr=RATE, fused=True)
    rows, weights, edges = colours, shares, shares.cumsum(0)[:-1]
    for step in range(STEPS):
        if len(colours) > BATCH:
            rows = colours[torch.searchsorted(edges, torch.rand(BATCH, generator=generator))]
            weights = torch.full((BATCH,), 1 / BATCH)
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimiser.zero_grad()
        (-(weights * _log_prob(theta, rows, channel, levels)).sum()).backward()
        optimiser.step()
    return theta


def _start(channel: int, generator) -> list:
    """Offsets o; and where there are channels before, U, a, V and S."""
    import torch

    means = torch.linspace(-0.8, 0.8, MIXTURE)
    offsets = torch.cat([torch.zeros(MIXTURE), means, torch.full((MIXTURE,), -1.5)])
    if not channel:
        return [offsets]
    inputs = torch.randn(channel, HIDDEN, generator=generator) * 1.5
    biases = torch.randn(HIDDEN, generator=generator)
    return [offsets, inputs, biases, torch.zeros(HIDDEN, 3 * MIXTURE), torch.zeros(channel, 3 * MIXTURE)]


def _log_prob(theta: list, rows, channel: int, levels: int):
    """log p(level of the channel | levels before) of rows (N, 3): (N,) float32."""
    import torch
    from torch.nn.functional import logsigmoid

    (outputs, *network), y = theta, rows[:, channel, None]
    if network:
        inputs, biases, outwards, straight = network
        x = (rows[:, :channel] + 0.5) * (2 / levels) - 1
        outputs = outputs + torch.tanh(x @ inputs + biases) @ outwards + x @ straight
    weights, means, log_scales = outputs.expand(len(rows), 3 * MIXTURE).split(MIXTURE, 1)
    steepness = torch.exp(-log_scales.clamp(min=-6))
    low = (y * (2 / levels) - 1 - means) * steepness
    width = steepness * (2 / levels)
    above = torch.where(y == 0, 0.0, logsigmoid(-low))  # the log of the mass above the lower edge, 1 - F(low)
    below = torch.where(y == levels - 1, 0.0, logsigmoid(low + width))  # and of that below the upper edge
    inside = torch.where((y == 0) | (y == levels - 1), 0.0, torch.log(-torch.expm1(-width)))
    return torch.logsumexp(torch.log_softmax(weights, 1) + above + below + inside, 1)
