"""What an environment's data may be; it decides which demands of the clauses bind it."""

from typing import Literal

# phi: real patients' records. personal: real people's other records. synthetic: made-up records.
Tier = Literal["phi", "personal", "synthetic"]
