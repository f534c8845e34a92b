"""Learning from a teacher: the loss is least where student and teacher agree, and a run learns and resumes."""

import itertools
import math

import numpy as np
import pytest
import torch

from nade_core import load_model, load_pretrained, read_card, runs, save_model
from nade_core.data import Dataset, load_dataset
from nade_core.distillation import COPIES, Classroom, classroom, distillation_loss, lesson
from nade_core.messages import NadeError
from nade_core.models import MODELS
from nade_core.training import TrainConfig, TrainState, train

CPU = torch.device("cpu")
DIMS = 12


def make(name, ordering=None, seed=0, **sizes):
    model_class, config_class = MODELS[name]
    torch.manual_seed(seed)
    model = model_class(config_class(dims=DIMS, **sizes), ordering)
    for parameter in model.parameters():
        parameter.data.normal_(std=0.7)
    return model


def nobody():
    raise AssertionError("the teacher was asked twice")


def rows(n, seed=0):
    return torch.randint(0, 2, (n, DIMS), generator=torch.Generator().manual_seed(seed)).float()


def test_a_lesson_is_the_teachers_conditionals():
    teacher, x = make("MADE", hidden=20, masks=1), rows(700)
    taught = lesson(teacher, x.numpy())
    assert taught.dtype == torch.float16 and taught.shape == (700, DIMS)
    torch.testing.assert_close(taught.float(), teacher.conditionals(x).probs, atol=1e-3, rtol=0)
    with pytest.raises(NadeError, match="rows of 12 binary values; the data are rows of 13"):
        lesson(teacher, np.zeros((4, DIMS + 1), np.uint8))
    with pytest.raises(NadeError, match="a model of binary values"):
        lesson(MODELS["RNADE"][0](MODELS["RNADE"][1](dims=DIMS)), x.numpy())


def test_a_classroom_adds_moved_copies_and_keeps_its_lesson(tmp_path):
    digits = load_dataset("mnist")
    data = Dataset("few", "few", digits.train[:20], digits.valid[:5], digits.test[:0], shape=(28, 28))
    room = classroom(lambda: load_pretrained("fvsbn-mnist", "cpu"), data, True, 1, False, 0, tmp_path / "lesson.npz")
    joined, taught = room.data, room.taught
    assert len(joined.train) == 20 * (1 + COPIES) and np.array_equal(joined.train[:20], data.train)
    moved = {
        tuple(np.roll(image, (dy, dx), (0, 1)).ravel())
        for image in data.train.reshape(-1, 28, 28)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    }
    assert {tuple(row) for row in joined.train[20:]} <= moved
    assert (joined.train[20:40] != data.train).any()
    assert torch.equal(taught, lesson(load_pretrained("fvsbn-mnist", "cpu"), joined.train))
    again = classroom(nobody, data, True, 1, False, 0, tmp_path / "lesson.npz")  # nobody is asked twice
    assert np.array_equal(again.data.train, joined.train) and torch.equal(again.taught, taught)
    assert again.seconds == room.seconds > 0 == room.drawn
    assert torch.equal(again.ordering, room.ordering) and room.ordering.shape == (784,)


def test_a_student_of_many_orderings_has_the_teachers_draws_beside_the_rows(tmp_path):
    teacher = make("FVSBN", torch.randperm(DIMS, generator=torch.Generator().manual_seed(3)))
    data = Dataset("few", "few", rows(3000, 1).numpy().astype(np.uint8), rows(5).numpy(), rows(5).numpy())
    room = classroom(lambda: teacher, data, False, 0, False, 0, tmp_path / "lesson.npz")
    drawn = torch.tensor(room.data.train[3000:]).float()
    assert room.taught is None and room.drawn == len(drawn) and np.array_equal(room.data.train[:3000], data.train)
    assert drawn.shape == (COPIES * 3000, DIMS) and len(drawn.unique(dim=0)) > len(drawn) // 20
    everything = torch.tensor(list(itertools.product([0.0, 1.0], repeat=DIMS)))
    p = teacher.log_prob(everything).exp()
    mean, entropy = (p[:, None] * everything).sum(0), -(p * p.log()).sum()
    torch.testing.assert_close(drawn.mean(0), mean, atol=4 * 0.5 * len(drawn) ** -0.5, rtol=0)
    spread = (p * (p.log() + entropy) ** 2).sum().sqrt()
    assert abs(-teacher.log_prob(drawn).mean() - entropy) < 4 * spread * len(drawn) ** -0.5
    again = classroom(nobody, data, False, 0, False, 0, tmp_path / "lesson.npz")
    assert np.array_equal(again.data.train, room.data.train)
    (tmp_path / "lesson.npz").write_bytes(b"half a file")  # what cannot be read is asked for again
    asked = classroom(lambda: teacher, data, False, 0, False, 0, tmp_path / "lesson.npz")
    assert np.array_equal(asked.data.train, room.data.train)


def test_the_loss_is_the_divergence_from_the_teacher_and_its_entropy():
    teacher, student, x = make("FVSBN"), make("NADE", hidden=8, seed=1), rows(40)
    q, p = teacher.conditionals(x).probs.detach(), student.conditionals(x).probs
    divergence = q * (q / p).log() + (1 - q) * ((1 - q) / (1 - p)).log()
    entropy = -q * q.log() - (1 - q) * (1 - q).log()
    expected = (divergence + entropy).sum(1).mean()
    torch.testing.assert_close(distillation_loss(student, x, q), expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("name, sizes", [("MADE", {"hidden": 20, "masks": 1}), ("NADE", {"hidden": 8}), ("FVSBN", {})])
def test_a_student_that_agrees_with_its_teacher_has_nothing_to_learn(name, sizes):
    student, x = make(name, torch.arange(DIMS).flip(0), **sizes), rows(64)
    agreed = distillation_loss(student, x, student.conditionals(x).probs.detach())
    agreed.backward()
    assert max(p.grad.abs().max().item() for p in student.parameters() if p.grad is not None) < 1e-5
    other = make(name, torch.arange(DIMS).flip(0), seed=1, **sizes)
    distillation_loss(other, x, student.conditionals(x).probs.detach()).backward()
    assert max(p.grad.abs().max().item() for p in other.parameters() if p.grad is not None) > 1e-2


def test_the_last_third_of_the_epochs_sees_no_draws():
    good, bad = np.ones((40, DIMS), np.uint8), np.zeros((80, DIMS), np.uint8)
    data = Dataset("two kinds", "both", np.concatenate([good, bad]), good[:5], good[:5])
    train_config = TrainConfig(epochs=6, batch_size=20, learning_rate=1e-9, weight_decay=0.0)
    state = TrainState.of(make("MADE", hidden=20, masks=1), train_config)
    ones, zeros = (state.model.log_prob(torch.from_numpy(x).float()).mean().item() for x in (good, bad))
    nats = [s.train_nats for s in train(state, Classroom(data, drawn=80), train_config) if s.valid_nats is not None]
    assert nats[:4] == pytest.approx([-(ones + 2 * zeros) / 3] * 4, abs=1e-3)
    assert nats[4:] == pytest.approx([-ones] * 2, abs=1e-3)


@pytest.mark.parametrize(
    "name, sizes, same_ordering",
    [
        ("MADE", {"hidden": 20, "masks": 1, "dropout": 0.1}, True),
        ("OrderAgnosticNADE", {"hidden": 20, "dropout": 0.1}, False),
    ],
)
def test_a_run_with_a_teacher_comes_close_to_it_and_resumes_to_the_same_weights(tmp_path, name, sizes, same_ordering):
    teacher = make("FVSBN", torch.randperm(DIMS, generator=torch.Generator().manual_seed(3)))
    save_model(teacher, tmp_path / "teacher.safetensors")
    x = teacher.sample(1200, generator=torch.Generator().manual_seed(4)).numpy().astype(np.uint8)
    np.savez(tmp_path / "rows.npz", train=x[:1000], valid=x[1000:])
    train = TrainConfig(epochs=15, batch_size=50, learning_rate=0.02, average=0.9, weight_decay=0.0)
    config = runs.RunConfig(
        str(tmp_path / "rows.npz"), name, {"dims": DIMS, **sizes}, train, teacher=str(tmp_path / "teacher.safetensors")
    )
    for folder, budget, times in (("whole", None, 1), ("parts", 0, 16)):
        runs.create(tmp_path / folder, config)
        for _ in range(times):
            list(runs.run(tmp_path / folder, CPU, budget))
            if folder == "parts":  # what the teacher said is kept: a resumed run does without it
                (tmp_path / "teacher.safetensors").unlink(missing_ok=True)
    whole, parts = (load_model(tmp_path / folder / "model.safetensors", "cpu") for folder in ("whole", "parts"))
    assert torch.equal(whole.ordering, teacher.ordering) == same_ordering
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True))
    assert read_card(tmp_path / "whole" / "model.safetensors").header["teacher"].endswith("teacher.safetensors")
    x = torch.as_tensor(x[1000:]).float()
    apart = (teacher.log_prob(x) - whole.log_prob(x)).mean().item()
    assert apart < 0.15 < (teacher.log_prob(x) + DIMS * math.log(2)).mean().item()  # which fair coins do not reach
