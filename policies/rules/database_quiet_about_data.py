"""ROVN-LOG-1: what patients told us is in the database's tables, and not in its logs."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, parameter
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

# PostgreSQL's own choice writes parameters of slow statements and rows that a constraint refuses.
WANTED = {
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# Off where they are not set.
HARMLESS = {
    "debug_print_parse": ("0", "off"),
    "debug_print_plan": ("0", "off"),
    "debug_print_rewritten": ("0", "off"),
    "log_min_duration_sample": ("-1",),
    "log_statement": ("none", "ddl"),
    "log_transaction_sample_rate": ("0", "0.0"),
    "pgaudit.log": ("none", "ddl", "role", "ddl,role", "role,ddl"),
    "pgaudit.log_parameter": ("0", "off"),
}
PRELOADED = ("shared_preload_libraries", "session_preload_libraries", "local_preload_libraries")
PLANS, PLANS_PARAMETERS = "auto_explain", "auto_explain.log_parameter_max_length"


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    for name, wanted in WANTED.items():
        value = parameter(instance, scope, name)
        if (value or "").lower() != wanted:
            yield f"{name} is {value or 'not set'}, not {wanted}"
    for name, harmless in HARMLESS.items():
        value = parameter(instance, scope, name)
        if value is not None and value.lower() not in harmless:
            yield f"{name} is {value}, not {' or '.join(harmless)}"
    preloaded = [parameter(instance, scope, name) or "" for name in PRELOADED]
    if (
        any(PLANS in libraries for libraries in preloaded)
        and parameter(instance, scope, PLANS_PARAMETERS) != "0"
    ):
        yield f"{PLANS} is loaded and {PLANS_PARAMETERS} is not 0"


RULE = Rule(
    id="database-quiet-about-data",
    title="The database keeps the parameters of statements and refused rows out of its log",
    why="A log has more readers than the database and is kept for longer; a patient's values in "
    "it are a disclosure.",
    remedy="Leave these parameters to runbook_constructs.database, which sets them.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(a)(1)", "NIST SI-11", "SOC2 C1.1"),
    types=(INSTANCE,),
    judge=_judge,
    waivable=False,
)
