"""Models to take along: a file for a browser, a page that needs no server, a script to read, the report of a run."""

from .bundle import browser_bundle
from .page import has_page, page
from .report import report, zipped
from .script import script

__all__ = ["browser_bundle", "has_page", "page", "report", "script", "zipped"]
