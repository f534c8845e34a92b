"""One module a chapter: it draws, and asks nade_core for every number."""
