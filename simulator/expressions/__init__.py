"""Metric math of alarms: what an expression says, worked out on series.

Source: CloudWatch's User Guide, "Using metric math with CloudWatch metrics". What the guide leaves
open, and what depends on how much CloudWatch fetches, is refused.
"""

from simulator.expressions.dates import timestamps
from simulator.expressions.error import ExpressionError
from simulator.expressions.evaluation import REACH, evaluate
from simulator.expressions.nodes import Node, looks_back, names, written
from simulator.expressions.parser import parse

__all__ = [
    "REACH",
    "ExpressionError",
    "Node",
    "evaluate",
    "looks_back",
    "names",
    "parse",
    "timestamps",
    "written",
]
