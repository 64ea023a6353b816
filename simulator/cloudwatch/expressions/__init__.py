"""Metric math of alarms: what an expression says, worked out on series.

Source: CloudWatch's User Guide, "Using metric math with CloudWatch metrics". What the guide leaves
open, and what depends on how much CloudWatch fetches, is refused.
"""

from simulator.cloudwatch.expressions.dates import timestamps
from simulator.cloudwatch.expressions.error import ExpressionError
from simulator.cloudwatch.expressions.evaluation import REACH, evaluate
from simulator.cloudwatch.expressions.nodes import Node, written
from simulator.cloudwatch.expressions.parser import parse

__all__ = [
    "REACH",
    "ExpressionError",
    "Node",
    "evaluate",
    "parse",
    "timestamps",
    "written",
]
