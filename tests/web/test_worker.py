"""The engine in a worker of a real page: the same numbers from the other side, and faults that arrive as faults."""

import pytest
import torch

from nade_core import load_model
from nade_core.checkpoint import find_model
from nade_core.data import load_dataset

SESSION = """
async ([address, calls]) => {
  const { connect } = await import("/web/remote.js");
  const worker = new Worker(address, { type: "module" }), call = connect(worker);
  const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  const answers = [];
  for (const args of calls) {
    try {
      const value = await call(...args);
      answers.push(value && Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)])));
    } catch (error) {
      answers.push({ fault: error.id, facts: error.facts, name: error.name, message: error.message });
    }
  }
  worker.terminate();
  return answers;
}
"""
MODEL = f"/files{find_model('nade-mnist')}"


def ask(page, *calls, address="/web/worker.js"):
    return page.evaluate(SESSION, [address, [list(call) for call in calls]])


def test_a_worker_scores_edits_and_draws(page):
    x = torch.tensor(load_dataset("mnist").test[:2]).int()
    model = load_model("nade-mnist", "cpu")
    card, scored, flipped, effects, drawn, again = ask(
        page,
        ("load", MODEL),
        ("set", x[0].tolist()),
        ("flip", 300),
        ("flipEffects", 400),
        ("sample", [0.5] * 785),
        ("set", x[1].tolist()),
    )
    assert (card["dims"], card["units"], card["header"]["title"]) == (784, 500, "NADE, digits")
    changed = x[0].clone()
    changed[300] = 1 - changed[300]
    wanted = model.log_prob(torch.stack([x[0], changed, x[1]]))
    got = torch.tensor([scored["logProb"], flipped["logProb"], again["logProb"]])
    torch.testing.assert_close(got, wanted, atol=1e-3, rtol=0)
    assert flipped["x"] == changed.tolist()
    assert sum(scored["logConditionals"]) == pytest.approx(scored["logProb"], abs=1e-9)
    assert len(effects) == len(drawn) == 784


def test_pixels_are_drawn_anew_by_their_exact_conditional_on_all_others(page):
    x, model = torch.tensor(load_dataset("mnist").test[0]).int(), load_model("nade-mnist", "cpu")
    pixels = [300, 301, 302]
    on, off = (model.log_prob(x.scatter(0, torch.tensor([300]), v)[None]).double() for v in (1, 0))
    given = float(torch.sigmoid(on - off)[0])
    told, below, above = (
        ask(
            page,
            ("load", MODEL),
            ("set", x.tolist()),
            ("resample", pixels, [0, 0, 0]),
            ("set", x.tolist()),
            ("resample", [300], [given - 1e-4]),
            ("resample", [300], [given + 1e-4]),
        )[2::2]
        + ask(page, ("load", MODEL), ("set", x.tolist()), ("resample", [300], [given + 1e-4]))[2:]
    )
    assert [told["x"][i] for i in pixels] == [1, 1, 1]
    assert (below["x"][300], above["x"][300]) == (1, 0)


def test_what_goes_wrong_in_the_worker_is_a_fault_on_the_page(page):
    before, missing, unknown, after = ask(
        page, ("set", [0] * 784), ("load", "/files/no/such/model"), ("eat",), ("load", "/web/nade.js")
    )
    assert before["fault"] == unknown["fault"] == "The engine does not know {call}, or has no model yet."
    assert missing == {
        "fault": "The model did not arrive (status {status}).",
        "facts": {"status": 404},
        "name": "NadeFault",
        "message": "The model did not arrive (status 404).",
    }
    assert after["fault"] == "This file is not a NADE Lab model, or it is damaged: no readable header."
    assert (
        ask(page, ("set", [0] * 784), address="/web/none.js")[0]["fault"]
        == "The engine does not start in this browser."
    )


def test_a_model_announced_as_too_large_is_not_fetched(page):
    page.route("**/enormous", lambda route: route.fulfill(body=b"", headers={"content-length": str(2**40)}))
    answer = ask(page, ("load", "/enormous"))[0]
    page.unroute("**/enormous")
    assert answer["fault"] == "This model takes {megabytes} MB; the browser is given {most} MB at most."
