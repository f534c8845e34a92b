"""NADE Lab: a lecture on learning p(x), made touchable. streamlit run app.py"""

from pathlib import Path

import streamlit as st
from views import complete, count, density, generate, leaderboard, rank, train

ICON = Path(__file__).parent / "views" / "icon.png"  # a sample of nade-mnist
st.set_page_config("NADE Lab", page_icon=ICON, layout="wide")

CHAPTERS = {
    "Use p(x)": [
        st.Page(generate.render, title="Generate", icon=":material/auto_awesome:", default=True),
        st.Page(density.render, title="Density", icon=":material/straighten:", url_path="density"),
        st.Page(rank.render, title="Rank", icon=":material/sort:", url_path="rank"),
        st.Page(complete.render, title="Complete", icon=":material/healing:", url_path="complete"),
    ],
    "Understand p(x)": [
        st.Page(count.render, title="Count", icon=":material/calculate:", url_path="count"),
        st.Page(leaderboard.render, title="Leaderboard", icon=":material/leaderboard:", url_path="leaderboard"),
    ],
    "Learn p(x)": [
        st.Page(train.render, title="Train", icon=":material/model_training:", url_path="train"),
    ],
}

st.navigation(CHAPTERS).run()
