"""The stacks as they are synthesized, judged by the function's own code: nobody is outside."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from runbook.access.principals import Principals
from runbook.access.reader_lists import CLOUDFORMATION, reader_lists
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook_constructs.secret_readers.handler.account import Key, Secret
from runbook_constructs.secret_readers.handler.identities import Details, identities
from runbook_constructs.secret_readers.handler.judge import Finding, findings
from runbook_constructs.secret_readers.handler.lists import lists
from runbook_constructs.secret_readers.handler.statements import statements
from tests.assembly import Assembly

Json = Any
POLICY, ROLE = "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"


class Deployed:
    """What CloudFormation would make of one environment's templates, as far as IAM sees it."""

    def __init__(self, assembly: Assembly, environment: Environment) -> None:
        self.environment = environment
        self.principals = Principals(environment)
        self._templates = {
            stack: template["Resources"]
            for stack, template in assembly.templates.items()
            if stack.startswith(f"{environment.slug}-")
        }
        self._exports = {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in assembly.templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def of_type(self, kind: str) -> Iterator[tuple[str, str, Json]]:
        for stack, resources in self._templates.items():
            for logical_id, resource in resources.items():
                if resource["Type"] == kind:
                    yield stack, logical_id, self.plain(resource.get("Properties", {}), stack)

    def arn(self, stack: str, logical_id: str) -> str:
        """Write the ARN that a reference to a resource stands for."""
        resource = self._templates[stack][logical_id]
        here = f"{self.environment.region}:{self.environment.account}"
        given = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::SecretsManager::Secret":
                return f"arn:aws:secretsmanager:{here}:secret:{given['Name']}-AbCdEf"
            case "AWS::KMS::Key":
                return f"arn:aws:kms:{here}:key/{logical_id}"
            case "AWS::IAM::Role":
                return self.principals.role(given["RoleName"])
            case "AWS::IAM::ManagedPolicy":
                return self.principals.policy(given.get("ManagedPolicyName", logical_id))
        return f"<{logical_id}>"

    def plain(self, value: Json, stack: str) -> Json:
        match value:
            case {"Fn::GetAtt": [logical_id, _]} | {"Ref": str(logical_id)}:
                known = logical_id in self._templates[stack]
                return self.arn(stack, logical_id) if known else f"<{logical_id}>"
            case {"Fn::ImportValue": str(export)}:
                source, given = self._exports[export]
                return self.plain(given, source)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(self.plain(part, stack) for part in parts)
            case dict():
                return {key: self.plain(item, stack) for key, item in value.items()}
            case list():
                return [self.plain(item, stack) for item in value]
        return value

    @property
    def details(self) -> Details:
        """Write what GetAccountAuthorizationDetails would tell of the account."""
        carried: dict[str, list[Json]] = {}
        policies: list[Json] = []
        for stack, logical_id, policy in self.of_type(POLICY):
            arn = self.arn(stack, logical_id)
            version = {"IsDefaultVersion": True, "Document": policy["PolicyDocument"]}
            policies.append({"Arn": arn, "PolicyVersionList": [version]})
            for role in policy.get("Roles", []):
                carried.setdefault(role.rpartition("/")[2], []).append({"PolicyArn": arn})
        executed = [p["Arn"] for p in policies if "-cloudformation-" in p["Arn"]]
        roles = [self._role(role, carried) for _, _, role in self.of_type(ROLE)]
        known = {policy["Arn"] for policy in policies}
        for role in roles:
            for attached in role["AttachedManagedPolicies"]:
                if attached["PolicyArn"] not in known:
                    # AWS's own, for the database's metrics: it stands in no template.
                    version = {"IsDefaultVersion": True, "Document": {"Statement": []}}
                    policies.append({"Arn": attached["PolicyArn"], "PolicyVersionList": [version]})
                    known.add(attached["PolicyArn"])
        roles += [self._executor(arn, executed) for arn in self.principals.cdk_roles("cfn-exec")]
        return {
            "UserDetailList": [],
            "GroupDetailList": [],
            "RoleDetailList": roles,
            "Policies": policies,
        }

    def _executor(self, arn: str, policies: list[str]) -> Json:
        """Write CloudFormation's role, which the CDK's bootstrap makes with our policies."""
        trust = {"Effect": "Allow", "Principal": {"Service": CLOUDFORMATION}}
        return {
            "RoleName": arn.rpartition("/")[2],
            "Arn": arn,
            "AssumeRolePolicyDocument": {"Statement": trust},
            "AttachedManagedPolicies": [
                {"PolicyArn": one} for one in policies if "boundary" not in one
            ],
        }

    def _role(self, role: Json, carried: dict[str, list[Json]]) -> Json:
        name = role["RoleName"]
        listed = [{"PolicyArn": arn} for arn in role.get("ManagedPolicyArns", [])]
        return {
            "RoleName": name,
            "Arn": self.principals.role(name),
            "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
            "RolePolicyList": role.get("Policies", []),
            "AttachedManagedPolicies": [*listed, *carried.get(name, [])],
        }

    @property
    def secrets(self) -> list[Secret]:
        said = {
            p["SecretId"]: p["ResourcePolicy"]
            for _, _, p in self.of_type("AWS::SecretsManager::ResourcePolicy")
        }
        return [
            Secret(
                given["Name"].removeprefix(f"{self.environment.name}/"),
                self.arn(stack, logical_id),
                given["KmsKeyId"],
                tuple(statements(said[self.arn(stack, logical_id)], "p")),
                (),
            )
            for stack, logical_id, given in self.of_type("AWS::SecretsManager::Secret")
        ]

    @property
    def keys(self) -> list[Key]:
        used = {secret.key for secret in self.secrets}
        return [
            Key(arn, tuple(statements(given["KeyPolicy"], "k")), ())
            for stack, logical_id, given in self.of_type("AWS::KMS::Key")
            for arn in [self.arn(stack, logical_id)]
            if arn in used
        ]

    def judged(self) -> list[Finding]:
        told = lists(
            self.environment.name,
            self.environment.region,
            json.dumps(reader_lists(self.principals)),
        )
        return findings(told, identities(self.details), self.secrets, self.keys)


@pytest.fixture(params=known_environments())
def environment(request: pytest.FixtureRequest) -> Environment:
    return load_environment(request.param)


@pytest.mark.clause("ROVN-SEC-6")
def test_nobody_of_the_stacks_is_outside_the_lists(
    assembly: Assembly, environment: Environment
) -> None:
    deployed = Deployed(assembly, environment)
    assert {secret.name for secret in deployed.secrets} == set(environment.secrets)
    assert len(deployed.keys) == 1
    assert len(deployed.details["RoleDetailList"]) > 10
    assert deployed.judged() == []


def test_every_reader_that_stands_in_a_template_may_read(
    assembly: Assembly, environment: Environment
) -> None:
    """Else nothing here would be seen, either, if somebody else were granted it."""
    deployed = Deployed(assembly, environment)
    people = {one.arn: one for one in identities(deployed.details)}
    seen = 0
    for secret in deployed.secrets:
        for arn in deployed.principals.may_read(secret.name):
            execution = arn.endswith("-execution")
            if arn in people and (execution or "cfn-exec" in arn):
                assert people[arn].may("secretsmanager:GetSecretValue", secret.arn), (arn, secret)
                seen += 1
    assert seen > 10
