"""ACM: the key algorithm that a certificate was asked for, which ministack keeps and does not tell.

Certificates are issued at once here: nobody asks for a record in DNS.
"""

from __future__ import annotations

from typing import Any

from sandbox.emulator.patching import PATCHES, Function


@PATCHES.wrap("ministack.services.acm", "_cert_shape", parameters=("cert",))
def certificate(original: Function, cert: dict[str, Any]) -> dict[str, Any]:
    """Answer with the algorithm, spelled as ACM's own calls do."""
    algorithm = cert.get("KeyAlgorithm", "RSA_2048")
    return {**original(cert), "KeyAlgorithm": algorithm.replace("EC_", "EC-")}
