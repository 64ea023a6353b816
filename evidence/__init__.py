"""Evidence for auditors: what was judged, by whom, with which result, and what nothing shows."""
