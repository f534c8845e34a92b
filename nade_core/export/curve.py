"""The curve of a training as a PNG: nats by epoch."""

import io

from PIL import Image, ImageDraw, ImageFont

SIZE, MARGIN = (1200, 700), (110, 40, 40, 90)  # left, top, right, bottom
INK, LINE, GREY, BLUE = "#1b2430", "#c3cad2", "#8A94A0", "#0072B2"
COLOURS = {"train_nats": GREY, "valid_nats": BLUE}
NAMES = {"train_nats": "training", "valid_nats": "validation"}
TICKS = 5


def curve(log: list[dict], epochs: int) -> bytes:
    """Training and validation nats by epoch, of the reports of a run; a line for each of its trainings."""
    image = Image.new("RGB", SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(22)
    nats = [report[column] for report in log for column in COLOURS if report[column] is not None] or [0.0, 1.0]
    low, high = min(nats), max(nats)
    high = high if high > low else low + 1
    left, top, right, bottom = MARGIN
    right, bottom = SIZE[0] - right, SIZE[1] - bottom

    def at(epoch: float, value: float) -> tuple[float, float]:
        return left + (right - left) * epoch / epochs, bottom - (bottom - top) * (value - low) / (high - low)

    for i in range(TICKS + 1):
        value = low + (high - low) * i / TICKS
        draw.line([at(0, value), at(epochs, value)], LINE)
        draw.text((left - 10, at(0, value)[1]), f"{value:.2f}", INK, font, anchor="rm")
    for epoch in range(0, epochs + 1, -(-epochs // TICKS)):
        draw.text((at(epoch, low)[0], bottom + 10), str(epoch), INK, font, anchor="mt")
    for trial in sorted({report["trial"] for report in log}):
        own = [report for report in log if report["trial"] == trial]
        for column, colour in COLOURS.items():
            points = [at(r["progress"] * epochs, r[column]) for r in own if r[column] is not None]
            draw.line(points, colour, 4, joint="curve")
            for x, y in points if column == "valid_nats" else ():
                draw.ellipse((x - 5, y - 5, x + 5, y + 5), colour)
    for i, (column, colour) in enumerate(COLOURS.items()):
        draw.text((right, top + 10 + 30 * i), f"{NAMES[column]}, -log p(x) in nats", colour, font, anchor="rt")
    draw.text(((left + right) / 2, SIZE[1] - 20), "epochs", INK, font, anchor="ms")
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
