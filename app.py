"""NADE Lab: a lecture on learning p(x), made touchable. streamlit run app.py"""

import os
import sys

import streamlit as st
from starlette.middleware import Middleware

try:
    import nade_core  # noqa: F401  first: it says how torch's threads wait
    from lab import housekeeping, rehearsal, served, uploads, visitor
    from nade_core.hosting import check_folder

    if __name__ != "__main__":
        check_folder(os.environ)
except ValueError as error:  # a variable of the environment that makes no sense
    sys.exit(str(error))

if __name__ == "__main__":  # a viewer's page
    from lab.main import main

    main()
else:  # the server, which asks for the app by its name
    housekeeping.begin()
    middleware = [
        Middleware(visitor.Cookies),
        Middleware(uploads.Uploads, visitor.HOSTING),
        Middleware(served.KeptPictures),
        Middleware(housekeeping.Housekeeping),
    ]
    app = st.App(__file__, lifespan=rehearsal.lifespan, routes=served.routes(), middleware=middleware)
