"""ROVN-DEP-4: a release shifts traffic as the environment file says, and can go back."""

from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE, ecs_services, model_of, referred
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number, switch
from runbook.model.ingress import PRODUCTION_PORT

_NAMES = {"blue_green": "BLUE_GREEN", "rolling": "ROLLING"}


def _judge(service: Resource, scope: Scope) -> Iterator[str]:
    found = model_of(service, scope)
    if found is None:
        yield f"{scope.environment.name} has no service called {service.at('ServiceName')}"
        return
    key, model = found
    controller = service.at("DeploymentController.Type", "ECS")
    if controller != "ECS":
        yield f"the deployment controller is {controller}, which knows no strategy of ECS"
    strategy = service.at("DeploymentConfiguration.Strategy", "ROLLING")
    if strategy != _NAMES[model.strategy]:
        yield f"it deploys {strategy}, not {_NAMES[model.strategy]}"
    if model.strategy == "blue_green":
        yield from _colours(key, service, scope)
    else:
        yield from _way_back(service)


def _colours(key: str, service: Resource, scope: Scope) -> Iterator[str]:
    count = len(service.at("LoadBalancers", []))
    if count != 1:
        yield f"it has {count} load balancers, not 1: nothing shifts its traffic"
        return
    first = service.at("LoadBalancers.0.TargetGroupArn")
    advanced = "LoadBalancers.0.AdvancedConfiguration"
    alternate = service.at(f"{advanced}.AlternateTargetGroupArn")
    if alternate is None or alternate == first:
        yield "it has no second target group: both colours would share one"
    role, wanted = service.at(f"{advanced}.RoleArn"), scope.principals.service_roles(key).traffic
    if role != wanted:
        yield f"{role} moves its traffic, not {wanted}"
    ports = {
        "ProductionListenerRule": PRODUCTION_PORT,
        "TestListenerRule": scope.environment.load_balancer.test_port,
    }
    for name, port in ports.items():
        rule = service.at(f"{advanced}.{name}")
        if rule is None:
            yield f"it has no {name}"
            continue
        found = number(referred(referred(rule, scope).at("ListenerArn"), scope).at("Port"))
        if found != port:
            yield f"its {name} stands on port {found}, not {port}"


def _way_back(service: Resource) -> Iterator[str]:
    breaker = "DeploymentConfiguration.DeploymentCircuitBreaker"
    for name in ("Enable", "Rollback"):
        if switch(service.at(f"{breaker}.{name}")) is not True:
            yield f"{name} of its circuit breaker is not true: a release that fails goes on trying"


def _required(scope: Scope) -> Iterator[str]:
    there = {key for key, _, _ in ecs_services(scope)}
    for key, model in scope.environment.services.items():
        if key not in there:
            yield f"no ECS service is called {model.name}"


RULE = Rule(
    id="deployment-strategy",
    title="Every ECS service deploys by the strategy of the environment file, with a way back",
    why="Without a second colour or a circuit breaker a bad release replaces every healthy task.",
    remedy="Set `strategy` of the service in the environment file, and leave the deployment to "
    "runbook_constructs.web_service.",
    clauses=("ROVN-DEP-4",),
    controls=("NIST CM-3", "SOC2 CC8.1"),
    types=(ECS_SERVICE,),
    judge=_judge,
    required=_required,
)
