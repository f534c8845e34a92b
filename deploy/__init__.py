"""How the app is hosted, and the demo that needs no host: python -m deploy.site, python -m deploy.check."""
