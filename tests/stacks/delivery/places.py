"""What is delivered in the tests."""

from tests.assembly import ROOT

KEY = "passport-api"
EXAMPLE = ROOT / "examples" / KEY
