"""Shared by all tests: a small NADE in float64, and a real Chromium."""

import os

import pytest
import torch
from playwright.sync_api import sync_playwright

from nade_core import NADE, NADEConfig

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


@pytest.fixture
def make_nade():
    """make_nade(dims, hidden, ...): a NADE with weights large enough for every conditional to matter."""

    def make(dims=6, hidden=5, activation="sigmoid", classes=0, ordering=None, dtype=torch.float64, seed=0):
        torch.manual_seed(seed)
        model = NADE(NADEConfig(dims, hidden, activation, classes), ordering).to(dtype)
        for parameter in model.parameters():
            parameter.data.normal_()
        return model

    return make


@pytest.fixture(scope="session")
def browser():
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
