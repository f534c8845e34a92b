"""The Count chapter: every number on the page is the exact integer of nade_core.counting."""

import re

from streamlit.testing.v1 import AppTest
from views import count

from lesson import counting


def _page():
    from views import count

    count.render()


def _run(**state) -> AppTest:
    app = AppTest.from_function(_page, default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception and not app.error
    return app


def _metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_opens_on_a_digit():
    app = _run()
    assert app.slider(key="n").value == 784
    assert _metrics(app)["independent"] == "784"
    assert _metrics(app)["NADE"] == f"{counting.nade(784, 500).parameters:,}"


def test_slider_moves_every_number():
    app = _run()
    app.slider(key="n").set_value(10)
    app.slider(key="hidden").set_value(3)
    app.run()
    assert _metrics(app)["full joint"] == "1,023"
    assert _metrics(app)["independent"] == "10"
    assert _metrics(app)["NADE"] == "73"


def test_smallest_and_largest_settings_draw():
    _run(n=1, hidden=1, order=0)
    _run(n=784, hidden=1000, order=20)


def test_all_237_digits_on_demand():
    app = _run()
    app.toggle(key="exact").set_value(True).run()
    assert app.code[0].value == str(2**784 - 1)
    assert any("237 digits" in text.value for text in app.markdown)


def test_every_step_of_the_question_can_be_reached():
    app = _run()
    said = set()
    for i, (title, text) in enumerate(count.STEPS):
        app.button_group(key="why").set_value(f"{i + 1}. {title}").run()
        assert not app.exception
        shown = [block.value for block in app.markdown if block.value.strip() == text.strip()]
        assert len(shown) == 1
        said.update(shown)
    assert len(said) == len(count.STEPS)


def test_two_coins_fill_four_cases():
    app = _run(p1=0.25, p2=0.5)
    cases = [float(value) for label, value in _metrics(app).items() if re.fullmatch(r"p\(\d, \d\)", label)]
    assert cases == [0.375, 0.375, 0.125, 0.125]


def test_pixel_and_die():
    app = _run(sides=20)
    values = list(_metrics(app).values())
    assert values.count("16,777,215") == 2  # one table, and the chain of tables
    assert "765" in values
    assert _metrics(app)["categorical: m - 1"] == "19"


def test_logarithm_of_integers_beyond_floats():
    assert abs(count._log10(2**784 - 1) - 236.0075) < 1e-3
    assert count._log10(10**400) == 400
    assert count._log10(1) == 0
