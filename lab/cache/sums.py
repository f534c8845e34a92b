"""The proof by counting that a NADE is a distribution: p(x) of all images there are, where they are few."""

import numpy as np
import streamlit as st
import torch

from nade_core.models import NADE, NADEConfig

SPREAD = 1.5  # standard deviation of the weights: some images become likely, others hardly possible


@st.cache_data(max_entries=64, show_spinner=False)
def of_all_images(n: int, hidden: int, seed: int) -> np.ndarray:
    """p(x) of all images of n pixels (2^n,), the likeliest first, under a NADE whose weights are drawn at random."""
    model, generator = NADE(NADEConfig(n, hidden)).double(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in model.parameters():
            weights.copy_(SPREAD * torch.randn(weights.shape, generator=generator, dtype=torch.float64))
        x = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return np.sort(model.log_prob(torch.as_tensor(x)).exp().numpy())[::-1]
