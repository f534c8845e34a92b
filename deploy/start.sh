#!/bin/sh
# Starts the app on PORT, below BASE_PATH, as any user, with nothing to write to but NADE_RUNS and TMPDIR (/tmp).
# KERNELS: a folder of kernels that were compiled before. What else is given goes to streamlit.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d "${TMPDIR:-/tmp}/nade.XXXXXX")
export HOME="$scratch" NUMBA_CACHE_DIR="$scratch/kernels"
[ -z "${KERNELS:-}" ] || cp -R "$KERNELS" "$NUMBA_CACHE_DIR"
exec python -m streamlit run app.py --server.port "${PORT:-8501}" --server.address "${ADDRESS:-0.0.0.0}" \
  --server.baseUrlPath "${BASE_PATH:-}" "$@"
