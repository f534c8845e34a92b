"""Each chapter without a browser: its numbers are those of the library, and its controls do what they say."""

import re

import numpy as np
import pytest
import torch

from lesson import counting
from nade_core import images, load_pretrained
from nade_core.data import load_dataset
from nade_core.runs import RunConfig, create, read_json, run
from nade_core.training import TrainConfig

from .conftest import healthy


def metric(page, label):
    return next(m.value for m in page.metric if m.label == label)


def texts(page):
    return " ".join(str(e.value) for e in (*page.markdown, *page.caption))


def test_density_of_a_test_image_is_the_librarys(chapter):
    page = chapter("density", test_image=7)
    with torch.no_grad():
        log_p = load_pretrained("nade-mnist", "cpu").log_prob(load_dataset("mnist").test[7:8]).item()
    assert metric(page, "log p(x)") == f"{log_p:.2f} nats"
    total = re.search(r"All 784 sum to ([\d.]+), and −log p\(x\) = ([\d.]+)", texts(page))
    assert abs(float(total[1]) + log_p) < 0.02 and abs(float(total[2]) + log_p) < 0.02


def test_density_of_noise_is_far_below_and_of_a_blank_image_far_above(chapter):
    noise = float(metric(chapter("density", source="Noise", on=0.5), "log p(x)").split()[0])
    blank = float(metric(chapter("density", source="Noise", on=0.0), "log p(x)").split()[0])
    assert noise < -1000 < -50 < blank


def test_density_of_uploads_scores_the_good_and_names_the_bad(chapter):
    page = chapter("density", source="My pictures")
    assert "Drop a picture" in page.info[0].value
    good = images.to_png(load_dataset("mnist").test[0].reshape(28, 28), 5)
    for name, content in (("seven.png", good), ("bad.png", b"nothing"), ("again.png", good)):
        page.file_uploader[0].upload(name, content, "image/png")
    healthy(page.run())
    assert "bad.png" in page.warning[0].value and "not a picture" in page.warning[0].value
    assert len(page.dataframe[0].value) == 2
    with torch.no_grad():
        log_p = load_pretrained("nade-mnist", "cpu").log_prob(load_dataset("mnist").test[:1]).item()
    assert metric(page, "log p(x)") == f"{log_p:.2f} nats"


def test_the_animals_come_with_bayes_rule(chapter):
    page = chapter("density", model="nade-animals", test_image=3)
    assert "Bayes' rule" in texts(page)


def test_rank_says_that_a_blank_image_outranks_real_ones_and_why(chapter):
    page = chapter("rank", each=20)
    blank = load_pretrained("nade-mnist", "cpu").log_prob(np.zeros((1, 784))).item()
    assert f"log p = {blank:.1f} nats and outranks" in texts(page)
    assert "not the same as typical" in texts(page)
    table = page.dataframe[0].value.set_index("kind")
    coin = table.loc["noise, coin flips"]
    assert coin["AUROC of real against it"].startswith("1.000") and coin["mean log p, nats"] < -1000
    assert table.loc["all off"]["AUROC of real against it"].startswith("a single one")
    assert {"real", "model samples", "20 % flipped", "other data: animals", "other data: fashion"} <= set(table.index)


def test_rank_filters_by_kind(chapter):
    page = chapter("rank", each=20, kinds=["real", "all on"])
    assert "21 images of 2 kinds" in texts(page)
    page = chapter("rank", each=20, kinds=[])
    assert "at least one kind" in page.info[0].value


@pytest.mark.parametrize("n", [1, 2, 300, 784])
def test_count_shows_exact_integers(chapter, n):
    page = chapter("count", n=n, exact=True, hidden=7)
    assert page.code[0].value == str(counting.full_joint(n).parameters)
    assert metric(page, "NADE") == f"{counting.nade(n, 7).parameters:,}"
    assert metric(page, "independent") == str(n)


def test_every_step_of_the_explanation_opens(chapter):
    page = chapter("count")
    from views.count import STEPS

    for i, (title, text) in enumerate(STEPS):
        page.session_state["why"] = f"{i + 1}. {title}"
        assert text in [m.value for m in healthy(page.run()).markdown]


def test_generate_offers_dog_first_and_draws_another_seed(chapter):
    page = chapter("generate", model="nade-animals", n_samples=4)
    assert page.selectbox(key="label").options[0] == "dog" and len(page.selectbox(key="label").options) == 11
    assert "log p(x | dog)" in texts(page)
    before = page.session_state["seed"]
    page.button[0].click()
    assert healthy(page.run()).session_state["seed"] != before


def test_train_refuses_missing_data_in_a_sentence(chapter):
    page = chapter("train", data="own")
    page.button[0].click()
    page.run()
    assert not page.exception and "Drop a file" in page.error[0].value


def test_a_finished_run_is_shown_and_becomes_a_model_of_the_other_chapters(chapter, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "own.npy", (rng.random((60, 784)) < 0.2).astype(np.uint8))
    model = {"dims": 784, "hidden": 4, "activation": "sigmoid", "classes": 0}
    folder = create(
        tmp_path / "runs/mine",
        RunConfig(str(tmp_path / "own.npy"), "NADE", model, TrainConfig(epochs=2), title="mine, small"),
    )
    list(run(folder, torch.device("cpu")))
    page = chapter("train")
    assert page.selectbox(key="run").options == ["mine, small · mine"]
    assert metric(page, "best").endswith("nats") and read_json(folder / "status.json")["state"] == "done"
    page = chapter("density", model="mine", source="Noise")
    assert metric(page, "log p(x)").endswith("nats")
    healthy(chapter("rank", model="mine", each=20))
    healthy(chapter("generate", model="mine", n_samples=4))
