"""Every backend against the reference: values, gradients, samples, at sizes that hypothesis chooses."""

import copy
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nade_core import kernels, orderings
from nade_core.kernels import cpu, lanes
from nade_core.models import NADE, NADEConfig


def build(dims, hidden, activation, scale, seed, classes=0):
    torch.manual_seed(seed)
    model = NADE(NADEConfig(dims, hidden, activation, classes), orderings.random(1, dims, seed))
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * scale
    return model


def with_backend(model, backend):
    other = copy.deepcopy(model)
    other.backend = backend
    return other


def gradients(model, x, weights):
    (model.log_prob(x) * weights).sum().backward()
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]  # dims = 1: W is not used


@settings(max_examples=40, deadline=None)
@given(
    dims=st.integers(1, 40),
    hidden=st.integers(1, 70),
    batch=st.integers(0, 19),
    on=st.sampled_from([0.0, 0.2, 1.0]),
    activation=st.sampled_from(["sigmoid", "relu"]),
    scale=st.sampled_from([0.1, 1.0]),
    seed=st.integers(0, 99),
    backend=st.sampled_from(["vectorised", "cpu"]),
)
def test_values_and_gradients_are_those_of_the_reference(dims, hidden, batch, on, activation, scale, seed, backend):
    model = build(dims, hidden, activation, scale, seed)
    exact = with_backend(model.double(), "reference")
    tested = with_backend(model.float(), backend)
    x, weights = (torch.rand(batch, dims) < on).float(), torch.randn(batch)
    with torch.no_grad():
        fused = tested.log_prob(x)
    size = dims * (1 + scale**2 * hidden * dims**0.5)
    torch.testing.assert_close(fused.double(), exact.log_prob(x.double()).detach(), rtol=2e-5, atol=2e-6 * size)
    torch.testing.assert_close(
        tested.conditionals(x).logits.double(), exact.conditionals(x.double()).logits, rtol=2e-4, atol=2e-6 * size
    )
    wanted = gradients(exact, x.double(), weights.double())
    for got, expected in zip(gradients(tested, x, weights), wanted, strict=True):
        torch.testing.assert_close(got.double(), expected, rtol=1e-3, atol=1e-4 * (1 + expected.abs().max().item()))


@pytest.mark.parametrize("size", [5.0, 30.0, 300.0])
def test_huge_weights_leave_the_odds_and_stay_exact(size):
    """Pre-activations of hundreds do not fit the odds; the kernel must notice, in density and in gradient."""
    model = build(60, 40, "sigmoid", size, 3)
    x = (torch.rand(17, 60) < 0.5).float()
    exact, tested = with_backend(model.double(), "reference"), with_backend(model.float(), "cpu")
    with torch.no_grad():
        fused = tested.log_prob(x)
    torch.testing.assert_close(fused.double(), exact.log_prob(x.double()).detach(), rtol=1e-4, atol=1e-2)
    for got, expected in zip(gradients(tested, x, torch.ones(17)), gradients(exact, x.double(), 1.0), strict=True):
        assert got.isfinite().all()
        torch.testing.assert_close(got.double(), expected, rtol=1e-2, atol=1e-3 * expected.abs().max().item())


@pytest.mark.parametrize("step", [2.0, -2.0, 0.3])
def test_odds_that_leave_their_bounds_step_by_step_are_noticed(step):
    """No step is large, and the way back is as long: odds that had been lost would not come back."""
    model = build(600, 3, "sigmoid", 0.5, 0).float()
    model.ordering.copy_(torch.arange(600))
    model.W.data[:300], model.W.data[300:] = step, -step
    x = torch.ones(2, 600)
    expected = with_backend(model.double(), "reference").conditionals(x).logits
    got = with_backend(model.float(), "cpu").conditionals(x).logits
    torch.testing.assert_close(got.double(), expected, rtol=1e-4, atol=1e-4)


def test_a_call_knows_the_weights_as_they_are_however_they_were_changed():
    model = build(30, 20, "sigmoid", 0.5, 4).requires_grad_(False)
    x = (torch.rand(40, 30) < 0.3).float()
    model.log_prob(x)
    model.W.data.mul_(2)  # no version of the parameter tells of this
    model.V.numpy()[3] = 7
    assert torch.equal(model.log_prob(x), copy.deepcopy(model).log_prob(x))
    torch.testing.assert_close(model.log_prob(x), with_backend(model, "reference").log_prob(x))


def test_weights_at_odd_addresses_are_read_as_they_are():
    model, x = NADE(NADEConfig(30, 20)), (torch.rand(9, 30) < 0.3).float()
    wanted = model.log_prob(x)
    for name in ("W", "V"):
        shape, numbers = (30, 20), getattr(model, name).detach().numpy().tobytes()
        getattr(model, name).data = torch.frombuffer(bytearray(b"?" + numbers), dtype=torch.float32, offset=1).view(
            shape
        )
    assert torch.equal(model.log_prob(x), wanted)


@pytest.mark.parametrize("name", ["W", "V", "b", "c"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_a_weight_that_is_no_number_gives_no_number(name, activation):
    model = build(7, 5, activation, 0.5, 1).requires_grad_(False)
    model.ordering.copy_(torch.arange(7))
    getattr(model, name)[1] = float("nan")
    assert model.log_prob(torch.ones(3, 7)).isnan().all()


@pytest.mark.parametrize("backend", ["vectorised", "cpu"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("classes", [0, 4])
def test_the_same_seed_gives_the_same_images(backend, activation, classes):
    model = build(90, 33, activation, 0.3, 1, classes)
    expected = with_backend(model, "reference").sample(21, generator=torch.Generator().manual_seed(5), temperature=0.8)
    got = with_backend(model, backend).sample(21, generator=torch.Generator().manual_seed(5), temperature=0.8)
    assert torch.equal(got, expected)
    assert 0.02 < got.mean() < 0.98


def test_results_do_not_depend_on_the_batch():
    model = build(50, 20, "sigmoid", 0.5, 2)
    x = (torch.rand(30, 50) < 0.3).float()
    with torch.no_grad():
        together = model.log_prob(x)
        apart = torch.cat([model.log_prob(row[None]) for row in x])
    assert torch.equal(together, apart)


def test_backends_refuse_what_they_cannot_serve(make_nade):
    model = make_nade()
    model.backend = "cpu"
    with pytest.raises(ValueError, match="float32"):
        model.log_prob(torch.zeros(1, 6))
    with pytest.raises(ValueError, match="Unknown backend"):
        kernels.get_backend("gpu", torch.device("cpu"), torch.float32)


MEMORY = """
import resource, torch
from nade_core import NADE, NADEConfig
model = NADE(NADEConfig())
x = torch.rand(10_000, 784) < 0.13
with torch.no_grad():
    model.log_prob(x[:8])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model.log_prob(x)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_scoring_ten_thousand_images_stays_under_500_megabytes():
    grown = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True).stdout
    assert float(grown) < 500


@pytest.mark.crawl
def test_registers_of_eight_lanes_say_the_same_where_the_machine_has_wider_ones(tmp_path):
    """All of this file, compiled for a machine that has AVX2 and nothing wider."""
    old = {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+sse4.2",
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    this = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-m", "not crawl", __file__]
    said = "from nade_core.kernels.lanes import LANES\nassert LANES == 8"
    subprocess.run([sys.executable, "-c", said], env={**os.environ, **old}, check=True)
    done = subprocess.run(this, env={**os.environ, **old}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_device_scores_and_draws_the_same():
    model = build(100, 40, "sigmoid", 0.3, 1)
    x = (torch.rand(20, 100) < 0.3).float()
    there = copy.deepcopy(model).cuda()
    torch.testing.assert_close(there.log_prob(x).cpu(), model.log_prob(x), rtol=1e-4, atol=1e-3)


def test_machine_code_on_disk_is_of_all_files_of_the_kernels(make_nade, monkeypatch):
    """What a kernel calls is part of its code: that a file of another kernel was changed must not be overlooked."""
    make_nade(dtype=torch.float32).log_prob(torch.zeros(1, 6))
    on_disk = cpu.score._cache._cache_file
    assert on_disk._load_index() and {"lanes.py", "cpu.py"} <= {name for name, *_ in on_disk._source_stamp}
    changed = [(name, time + (name == "lanes.py"), size) for name, time, size in lanes.SOURCES]
    monkeypatch.setattr(on_disk, "_source_stamp", changed)
    assert on_disk._load_index() == {}
