"""The trial of the Dockerfile reads it as Docker does, and gives a process nothing but what it says."""

from pathlib import Path

from deploy import image

LINES = image.instructions((Path(image.__file__).parent / "Dockerfile").read_text("utf-8"))


def test_lines_that_go_on_are_one_and_remarks_are_none():
    assert image.instructions("# why\nRUN a \\\n    && b\n\nUSER c\n") == [("RUN", "a      && b"), ("USER", "c")]
    words = [word for word, _ in LINES]
    assert words[0] == "FROM" and words[-1] == "CMD" and "\\" not in " ".join(rest for _, rest in LINES)


def test_the_app_runs_as_somebody_without_rights_and_is_looked_after():
    known = dict(LINES)
    assert known["USER"] == "nade" and "healthy.py" in known["HEALTHCHECK"] and known["VOLUME"] == "/runs"
    assert "start.sh" in known["CMD"]


def test_what_is_copied_and_set_is_what_a_process_gets(tmp_path):
    made = image.Image(tmp_path)
    for line in (("WORKDIR", "/app"), ("COPY", "requirements.txt ."), ("ENV", "A=1 B=2"), ("USER", "nade")):
        made.do(*line)
    assert (tmp_path / "app" / "requirements.txt").is_file()
    assert made.shell({"PORT": "1"}, "true") == [
        *("env", "-i", f"PATH={image.PATH}", "A=1", "B=2", "PORT=1"),
        *("sh", "-c", "cd /app && true"),
    ]
