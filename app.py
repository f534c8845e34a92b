"""NADE Lab: a lecture on learning p(x), made touchable. streamlit run app.py"""

import streamlit as st
from starlette.middleware import Middleware

import nade_core  # noqa: F401  first: it says how torch's threads wait
from lab import served, visitor

if __name__ == "__main__":  # a viewer's page
    from lab.main import main

    main()
else:  # the server, which asks for the app by its name
    app = st.App(__file__, routes=served.routes(), middleware=[Middleware(visitor.Cookies)])
