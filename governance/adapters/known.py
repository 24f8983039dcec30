"""Code hashes of published contracts that we trust by their code, never by their address.

Each is keccak256 of the runtime code of a published build. Safe's are computed again from the packages by a test, but for
the 1.3.0 variant without logs, whose package is not among our dependencies.
"""

from governance.core.facts import Generation
from governance.core.units import Bytes32, word

SAFE_SINGLETONS: dict[Bytes32, str] = {
    # @gnosis.pm/safe-contracts 1.3.0: GnosisSafe, GnosisSafeL2 (the latter is safe-eth-py's GnosisSafe_V1_3_0)
    word("0xbba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e"): "1.3.0",
    word("0x21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f"): "1.3.0",
    # @safe-global/safe-contracts 1.4.1: Safe, SafeL2
    word("0x1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4"): "1.4.1",
    word("0xb1f926978a0f44a2c0ec8fe822418ae969bd8c3f18d61e5103100339894f81ff"): "1.4.1",
    # @safe-global/safe-smart-account 1.5.0: Safe, SafeL2
    word("0xdda019cbd7c867a533a2a86e5c53434fdc50b13122b5a5ddb4a8df61b31c20f2"): "1.5.0",
    word("0x180193227186ccb85316c94db1f0d156ed932b14712cfaac78901899178572dc"): "1.5.0",
}
"""Code hash of a Safe singleton to its version."""

SAFE_PROXIES: dict[Bytes32, str] = {
    # safe-eth-py: Proxy_V1_0_0, Proxy_V1_1_1, whose Safes may have moved to a newer singleton since
    word("0x056c9d8c4971536770b5d591f52ec8227269ceb17dcfd9ac0cc3174b940af8d2"): "1.0.0",
    word("0x46d3681ae4f67a4cee3a549d7a914afcd24b9681e013fe2e8e7a7bd4b20a9023"): "1.1.1",
    # safe-eth-py: Proxy_V1_3_0, Proxy_V1_4_1, Proxy_V1_5_0
    word("0xb89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000"): "1.3.0",
    word("0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c"): "1.4.1",
    word("0x4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f"): "1.5.0",
}
"""Code hash of a Safe proxy to the version of the factory that made it. All delegate to what slot 0 names."""

DISPATCHERS: dict[Bytes32, Generation] = {
    # Compiled from the public sources: commits b0bf600, b758ec3, 2162271. They have no immutables.
    word("0xee1ce152700dbc2877c102fe773e3b172866bccb6ae513bc7f93934557a0e3bd"): Generation.V1,
    word("0x1c88b4fe303e787917e5be82f6d5e02b62fd074279360f019a178b72bae2402a"): Generation.COMPACT,
    word("0x3513566366dcbe4987a42db1643932f84cb69c013d66c5d8fbd51ed4b397e5bf"): Generation.P4,
}
"""Code hash of a released manifest dispatcher to its generation. Other builds are recognised by what they answer."""
