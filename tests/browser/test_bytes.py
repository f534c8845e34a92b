"""What a page costs the network: a first visit little beside Streamlit's own files and the weights, a second one nothing."""

from dataclasses import dataclass, field

import pytest

from .conftest import PHONE

STREAMLITS = "/static/", "/favicon", "/_stcore/"
FIRST = 1e6  # bytes


@dataclass
class Network:
    """What comes to a page, in bytes as they travel: files by their address, and what the session says."""

    files: dict[str, float] = field(default_factory=dict)
    said: int = 0
    _addresses: dict[str, str] = field(default_factory=dict)

    def watch(self, page):
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.on("Network.responseReceived", self._came)
        tools.on("Network.loadingFinished", self._whole)
        tools.on("Network.webSocketFrameReceived", self._heard)

    def _came(self, event):
        answer = event["response"]
        if answer["url"].startswith("http") and not answer.get("fromDiskCache"):
            self._addresses[event["requestId"]] = answer["url"]

    def _whole(self, event):
        address = self._addresses.pop(event["requestId"], None)
        if address and event["encodedDataLength"]:
            self.files[address] = self.files.get(address, 0) + event["encodedDataLength"]

    def _heard(self, event):
        self.said += len(event["response"]["payloadData"]) * 3 // 4  # base64

    def ours(self):
        """The files that are the app's, without Streamlit's and without weights: their sizes by address."""
        return {
            address: size
            for address, size in self.files.items()
            if not any(part in address for part in STREAMLITS) and not address.endswith(".safetensors")
        }


def whole(viewer, path):
    """Open a page, and wait for its pictures."""
    viewer.open(path)
    viewer.page.wait_for_function("[...document.images].every((one) => one.complete)")
    viewer.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("path", ["", "nade", pytest.param("generate", marks=pytest.mark.crawl)])
def test_a_first_visit_costs_little_and_a_second_one_fetches_no_file_again(visit, app, path):
    viewer, network = visit(viewport=PHONE), Network()
    network.watch(viewer.page)
    whole(viewer, path)
    first, page = network.ours(), f"{app}/{path}"
    print(f"/{path}: {sum(first.values()) / 1000:.0f} kB of files, {network.said / 1000:.0f} kB said")
    assert page in first and network.said + sum(first.values()) < FIRST
    network.files.clear()
    whole(viewer, path)
    again = {address for address in network.files if not any(part in address for part in STREAMLITS)} - {page}
    assert not again
