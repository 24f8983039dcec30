"""Code hashes of published contracts that we trust by their code, never by their address.

Each is keccak256 of the runtime code of a published build; a test computes them again from the packages.
"""

from governance.core.units import Bytes32, word

SAFE_SINGLETONS: dict[Bytes32, str] = {
    # safe-eth-py: GnosisSafe_V1_3_0
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
    # safe-eth-py: Proxy_V1_3_0, Proxy_V1_4_1, Proxy_V1_5_0
    word("0xb89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000"): "1.3.0",
    word("0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c"): "1.4.1",
    word("0x4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f"): "1.5.0",
}
"""Code hash of a Safe proxy to the version of the factory that made it."""
