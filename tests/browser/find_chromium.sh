#!/bin/sh
# Prints the path of a Chromium or Chrome; installs Debian's where there is none and it may. The one that has no window
# comes first: it is the same browser, and costs less at every page.
find_one() {
    for name in "$CHROMIUM" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}
find_one && exit 0
if command -v apt-get > /dev/null; then
    if [ "$(id -u)" = 0 ]; then as=""; elif sudo -n true 2> /dev/null; then as="sudo -n"; else as="no"; fi
    if [ "$as" != "no" ]; then
        $as apt-get update -qq > /dev/null 2>&1
        $as apt-get install -y -qq chromium-headless-shell > /dev/null 2>&1 && find_one && exit 0
    fi
fi
echo "The browser tests need Chromium or Chrome: install one, or set CHROMIUM to its path." >&2
exit 1
