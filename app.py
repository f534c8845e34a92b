"""NADE Lab: a lecture on learning p(x), made touchable. streamlit run app.py"""

from lab.main import main

main()
