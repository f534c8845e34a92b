"""NADE Lab: a lecture on learning p(x), made touchable. streamlit run app.py"""

import nade_core  # noqa: F401  first: it says how torch's threads wait
from lab.main import main

main()
