"""Published results to stand beside ours: statically binarised MNIST, test part, nats (lower is better).

Each says by an id how it came here: read in the paper, read in a secondary source, or reported (from memory of the
literature, neither read nor reproduced here), and by another how it was measured. All are of static binarisation:
every pixel was drawn once and for all. Results with dynamic binarisation are left out: each epoch draws the pixels
anew, which is another data set with other numbers. So are averages of logits over orderings, which are no densities.
"""

from dataclasses import dataclass

from nade_core.messages import N_

from . import counting

READ, SECONDARY, REPORTED = "read", "secondary", "reported"
HOW = {READ: N_("read in the paper"), SECONDARY: N_("read in a secondary source"), REPORTED: N_("reported")}
EXACT, BOUND, ESTIMATE = "exact", "bound", "estimate"
PROTOCOL = {EXACT: N_("static, exact"), BOUND: N_("static, upper bound"), ESTIMATE: N_("static, estimate")}
BENCHMARK = N_("static MNIST, test part (Salakhutdinov & Murray, 2008)")


@dataclass(frozen=True)
class Published:
    """One published figure; ``how`` is an id of HOW. ``parameters`` is None where no formula or source settles it.

    ``protocol``: an id of PROTOCOL. Most are exact; a bound is above the nats, an estimate known only about.
    """

    model: str
    nats: float
    source: str
    how: str
    parameters: int | None = None
    protocol: str = EXACT

    @property
    def figure(self) -> str:
        """The nats as they must be read: with ≤ for a bound, and ≈ for an estimate."""
        return {EXACT: "", BOUND: "≤ ", ESTIMATE: "≈ "}[self.protocol] + f"{self.nats:.2f}"


PUBLISHED = (
    Published(N_("Mixture of Bernoullis, 10"), 168.95, "Larochelle & Murray 2011", REPORTED, 10 * 785 - 1),
    Published(N_("Mixture of Bernoullis, 500"), 137.64, "Larochelle & Murray 2011", REPORTED, 500 * 785 - 1),
    Published(N_("FVSBN"), 97.45, "Larochelle & Murray 2011", REPORTED, counting.fvsbn(784).parameters),
    Published(N_("MADE, 1 layer, 1 mask"), 88.40, "Germain et al. 2015", REPORTED),
    Published(N_("NADE, 500 units"), 88.33, "Larochelle & Murray 2011", SECONDARY, counting.nade(784, 500).parameters),
    Published(N_("MADE, 1 layer, 32 masks"), 88.04, "Germain et al. 2015", SECONDARY),
    Published(N_("EoNADE, 1 layer, 128 orderings"), 87.71, "Uria et al. 2014", REPORTED),
    Published(N_("MADE, 2 layers, 32 masks"), 86.64, "Germain et al. 2015", SECONDARY),
    Published(
        N_("RBM, 500 units"), 86.34, "Salakhutdinov & Murray 2008", REPORTED, 784 * 500 + 784 + 500, protocol=ESTIMATE
    ),
    Published(N_("EoNADE, 2 layers, 128 orderings"), 85.10, "Uria et al. 2014", SECONDARY),
    Published(N_("NADE-5, 2 layers, 128 orderings"), 84.65, "Raiko et al. 2014", READ),
    Published(N_("DARN"), 84.13, "Gregor et al. 2014", SECONDARY, protocol=ESTIMATE),
    Published(N_("PixelCNN"), 81.30, "van den Oord et al. 2016", SECONDARY),
    Published(N_("ConvNADE + DeepNADE"), 81.30, "Uria et al. 2016", REPORTED),
    Published(N_("DRAW"), 80.97, "Gregor et al. 2015", SECONDARY, protocol=BOUND),
    Published(N_("PixelRNN, 7 layers"), 79.20, "van den Oord et al. 2016", SECONDARY),
    Published(N_("VLAE"), 79.03, "Chen et al. 2017", SECONDARY, protocol=ESTIMATE),
)
