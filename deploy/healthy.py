"""Exit status 0 if the app on PORT, below BASE_PATH, answers: for a container's health check."""

import os
import sys
from urllib.request import urlopen


def main() -> None:
    base = os.environ.get("BASE_PATH", "").strip("/")
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8501')}{f'/{base}' if base else ''}/_stcore/health"
    try:
        with urlopen(address, timeout=4) as answer:
            sys.exit(answer.status != 200)
    except OSError as error:
        sys.exit(f"{address} does not answer: {error}")


if __name__ == "__main__":
    main()
