"""Changes behind a service's back, and exactly what the comparison must find after each."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.changes import ANYONE, EVERYTHING, Account

SERVICE, FAMILY, CLUSTER = "some-api", "some-api", "some-production"
SERVICE_ID = {"cluster": CLUSTER, "service": SERVICE}
SCALED = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def allow_shells(account: Account) -> None:
    account.client("ecs").update_service(**SERVICE_ID, enableExecuteCommand=True)


def drop_the_gate(account: Account) -> None:
    ecs = account.client("ecs")
    [service] = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    configuration = service["deploymentConfiguration"]
    del configuration["lifecycleHooks"]
    ecs.update_service(**SERVICE_ID, deploymentConfiguration=configuration)


def give_tasks_public_addresses(account: Account) -> None:
    ecs = account.client("ecs")
    [service] = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    network = service["networkConfiguration"]
    network["awsvpcConfiguration"]["assignPublicIp"] = "ENABLED"
    ecs.update_service(**SERVICE_ID, networkConfiguration=network)


def run_another_image(account: Account) -> None:
    ecs = account.client("ecs")
    container = {"name": "app", "image": "other", "essential": True}
    ecs.register_task_definition(family=FAMILY, containerDefinitions=[container])
    ecs.update_service(**SERVICE_ID, taskDefinition=FAMILY)


def watch_less(account: Account) -> None:
    settings = [{"name": "containerInsights", "value": "disabled"}]
    account.client("ecs").update_cluster_settings(cluster=CLUSTER, settings=settings)


def shift_traffic(account: Account) -> None:
    elbv2 = account.client("elbv2")
    rule = account.physical_ids("AWS::ElasticLoadBalancingV2::ListenerRule")[0]
    [found] = elbv2.describe_rules(RuleArns=[rule])["Rules"]
    forward = found["Actions"][0]["ForwardConfig"]
    for group, weight in zip(forward["TargetGroups"], (0, 100), strict=True):
        group["Weight"] = weight
    elbv2.modify_rule(RuleArn=rule, Actions=[{"Type": "forward", "ForwardConfig": forward}])


def open_every_path(account: Account) -> None:
    rule = account.physical_ids("AWS::ElasticLoadBalancingV2::ListenerRule")[1]
    conditions = [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["api.example.com"]}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["*", "/health"]}},
    ]
    account.client("elbv2").modify_rule(RuleArn=rule, Conditions=conditions)


def speak_old_tls(account: Account) -> None:
    elbv2 = account.client("elbv2")
    for arn in account.physical_ids("AWS::ElasticLoadBalancingV2::Listener"):
        [listener] = elbv2.describe_listeners(ListenerArns=[arn])["Listeners"]
        if listener["Port"] == 443:
            elbv2.modify_listener(ListenerArn=arn, SslPolicy="ELBSecurityPolicy-2016-08")


def answer_with_another_default(account: Account) -> None:
    """Add what is not declared of a listener."""
    elbv2 = account.client("elbv2")
    for arn in account.physical_ids("AWS::ElasticLoadBalancingV2::Listener"):
        [listener] = elbv2.describe_listeners(ListenerArns=[arn])["Listeners"]
        if listener["Port"] == 8443:
            attribute = {"Key": "routing.http.response.server.enabled", "Value": "false"}
            elbv2.modify_listener_attributes(ListenerArn=arn, Attributes=[attribute])


def fail_open(account: Account) -> None:
    """Let requests pass when the firewall does not answer, of which no template says anything."""
    [balancer] = account.physical_ids("AWS::ElasticLoadBalancingV2::LoadBalancer")
    account.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": "waf.fail_open.enabled", "Value": "true"}]
    )


def stick(account: Account) -> None:
    group = account.physical_ids("AWS::ElasticLoadBalancingV2::TargetGroup")[0]
    account.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "stickiness.enabled", "Value": "true"}]
    )


def check_another_path(account: Account) -> None:
    group = account.physical_ids("AWS::ElasticLoadBalancingV2::TargetGroup")[0]
    account.client("elbv2").modify_target_group(TargetGroupArn=group, HealthCheckPath="/")


def drop_a_rule_of_the_firewall(account: Account) -> None:
    waf = account.client("wafv2")
    name, identity, scope = account.physical_ids("AWS::WAFv2::WebACL")[0].split("|")
    place = {"Name": name, "Id": identity, "Scope": scope}
    found = waf.get_web_acl(**place)
    acl = found["WebACL"]
    waf.update_web_acl(
        **place,
        LockToken=found["LockToken"],
        CustomResponseBodies=acl["CustomResponseBodies"],
        DefaultAction=acl["DefaultAction"],
        Description=acl["Description"],
        Rules=acl["Rules"][:-1],
        VisibilityConfig=acl["VisibilityConfig"],
    )


def take_the_firewall_away(account: Account) -> None:
    [balancer] = account.physical_ids("AWS::ElasticLoadBalancingV2::LoadBalancer")
    account.client("wafv2").disassociate_web_acl(ResourceArn=balancer)


def stop_its_log(account: Account) -> None:
    [arn] = account.physical_ids("AWS::WAFv2::LoggingConfiguration")
    account.client("wafv2").delete_logging_configuration(ResourceArn=arn)


def let_others_past_the_firewall(account: Account) -> None:
    waf = account.client("wafv2")
    name, identity, scope = account.physical_ids("AWS::WAFv2::IPSet")[0].split("|")
    place = {"Name": name, "Id": identity, "Scope": scope}
    token = waf.get_ip_set(**place)["LockToken"]
    waf.update_ip_set(**place, Addresses=["0.0.0.0/1"], LockToken=token)


def let_others_to_the_test_listener(account: Account) -> None:
    [identity] = account.physical_ids("AWS::EC2::PrefixList")
    account.client("ec2").modify_managed_prefix_list(
        PrefixListId=identity, AddEntries=[{"Cidr": "0.0.0.0/1"}]
    )


def mirror_nothing(account: Account) -> None:
    account.client("ecr").delete_pull_through_cache_rule(ecrRepositoryPrefix="ecr-public")


def unmask_the_log(account: Account) -> None:
    account.client("logs").delete_data_protection_policy(logGroupIdentifier="/ecs/some-api")


def count_nothing(account: Account) -> None:
    account.client("logs").delete_metric_filter(logGroupName="/ecs/some-api", filterName="failures")


def let_images_change(account: Account) -> None:
    account.client("ecr").put_image_tag_mutability(
        repositoryName=SERVICE, imageTagMutability="MUTABLE"
    )


def forget_images(account: Account) -> None:
    policy = (
        '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": '
        '"imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}'
    )
    account.client("ecr").put_lifecycle_policy(repositoryName=SERVICE, lifecyclePolicyText=policy)


def let_everybody_push(account: Account) -> None:
    account.client("ecr").set_repository_policy(repositoryName=SERVICE, policyText=EVERYTHING)


def make_a_key_for_the_user(account: Account) -> None:
    account.client("iam").create_access_key(UserName="some-deploy")


def make_the_user_administrator(account: Account) -> None:
    account.client("iam").attach_user_policy(UserName="some-deploy", PolicyArn=ADMINISTRATOR)


def free_the_role(account: Account) -> None:
    account.client("iam").delete_role_permissions_boundary(RoleName="some-deploy")


def widen_the_boundary(account: Account) -> None:
    [arn] = [each for each in account.physical_ids("AWS::IAM::ManagedPolicy") if "boundary" in each]
    account.client("iam").create_policy_version(
        PolicyArn=arn, PolicyDocument=EVERYTHING, SetAsDefault=True
    )


def detach_a_policy(account: Account) -> None:
    [arn] = [each for each in account.physical_ids("AWS::IAM::ManagedPolicy") if "Guard" in each]
    account.client("iam").detach_role_policy(RoleName="some-deploy", PolicyArn=arn)


def trust_another_audience(account: Account) -> None:
    iam = account.client("iam")
    [arn] = account.physical_ids("AWS::IAM::OIDCProvider")
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.create_open_id_connect_provider(
        Url=found["Url"],
        ClientIDList=["somebody"],
        Tags=found["Tags"],
        ThumbprintList=found["ThumbprintList"],
    )


def hide_the_certificate(account: Account) -> None:
    [arn] = account.physical_ids("AWS::CertificateManager::Certificate")
    account.client("acm").update_certificate_options(
        CertificateArn=arn, Options={"CertificateTransparencyLoggingPreference": "DISABLED"}
    )


def scale_to_one(account: Account) -> None:
    account.client("application-autoscaling").register_scalable_target(**SCALED, MinCapacity=1)


def scale_late(account: Account) -> None:
    client = account.client("application-autoscaling")
    found = client.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["cpu"])
    [policy] = found["ScalingPolicies"]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"] | {"TargetValue": 95}
    client.put_scaling_policy(
        **SCALED,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )


def scale_no_more(account: Account) -> None:
    account.client("application-autoscaling").deregister_scalable_target(**SCALED)


def trace_everything(account: Account) -> None:
    account.client("xray").update_sampling_rule(
        SamplingRuleUpdate={"RuleName": "some-api", "FixedRate": 1.0}
    )


def trace_nothing(account: Account) -> None:
    account.client("xray").delete_sampling_rule(RuleName="some-api")


def open_the_tasks(account: Account) -> None:
    """Add a rule beside those that are resources of their own."""
    for group in account.physical_ids("AWS::EC2::SecurityGroup"):
        account.client("ec2").authorize_security_group_ingress(
            GroupId=group, IpPermissions=[ANYONE]
        )


def close_the_tasks(account: Account) -> None:
    ec2 = account.client("ec2")
    for rule in account.physical_ids("AWS::EC2::SecurityGroupIngress"):
        [found] = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])[
            "SecurityGroupRules"
        ]
        ec2.revoke_security_group_ingress(GroupId=found["GroupId"], SecurityGroupRuleIds=[rule])


Change = Callable[[Account], None]
ELB = "AWS::ElasticLoadBalancingV2"
WEIGHT = "Actions[0].ForwardConfig.TargetGroups[{}].Weight"
AUTO_SCALING = "AWS::ApplicationAutoScaling"
POLICY_CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"

# In this order: what is gone shows no further change.
CHANGES: list[tuple[Change, set[tuple[str, str]]]] = [
    (allow_shells, {("AWS::ECS::Service", "EnableExecuteCommand")}),
    (drop_the_gate, {("AWS::ECS::Service", "DeploymentConfiguration.LifecycleHooks")}),
    (
        give_tasks_public_addresses,
        {("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp")},
    ),
    (run_another_image, {("AWS::ECS::Service", "TaskDefinition")}),
    (watch_less, {("AWS::ECS::Cluster", "ClusterSettings")}),
    (
        shift_traffic,
        {(f"{ELB}::ListenerRule", WEIGHT.format(number)) for number in range(2)},
    ),
    (open_every_path, {(f"{ELB}::ListenerRule", "Conditions[1].Values")}),
    (speak_old_tls, {(f"{ELB}::Listener", "SslPolicy")}),
    (answer_with_another_default, {(f"{ELB}::Listener", "ListenerAttributes")}),
    (fail_open, {(f"{ELB}::LoadBalancer", "LoadBalancerAttributes")}),
    (stick, {(f"{ELB}::TargetGroup", "TargetGroupAttributes")}),
    (check_another_path, {(f"{ELB}::TargetGroup", "HealthCheckPath")}),
    (drop_a_rule_of_the_firewall, {("AWS::WAFv2::WebACL", "Rules")}),
    (take_the_firewall_away, {("AWS::WAFv2::WebACLAssociation", "")}),
    (stop_its_log, {("AWS::WAFv2::LoggingConfiguration", "")}),
    (let_others_past_the_firewall, {("AWS::WAFv2::IPSet", "Addresses")}),
    (let_others_to_the_test_listener, {("AWS::EC2::PrefixList", "Entries")}),
    (mirror_nothing, {("AWS::ECR::PullThroughCacheRule", "")}),
    (unmask_the_log, {("AWS::Logs::LogGroup", "DataProtectionPolicy")}),
    (count_nothing, {("AWS::Logs::MetricFilter", "")}),
    (let_images_change, {("AWS::ECR::Repository", "ImageTagMutability")}),
    (forget_images, {("AWS::ECR::Repository", "LifecyclePolicy.LifecyclePolicyText")}),
    (let_everybody_push, {("AWS::ECR::Repository", "RepositoryPolicyText")}),
    (make_a_key_for_the_user, {("AWS::IAM::User", "AccessKeys")}),
    (make_the_user_administrator, {("AWS::IAM::User", "ManagedPolicyArns")}),
    (free_the_role, {("AWS::IAM::Role", "PermissionsBoundary")}),
    (widen_the_boundary, {("AWS::IAM::ManagedPolicy", "PolicyDocument")}),
    (detach_a_policy, {("AWS::IAM::ManagedPolicy", "Roles")}),
    (trust_another_audience, {("AWS::IAM::OIDCProvider", "ClientIdList")}),
    (
        hide_the_certificate,
        {
            (
                "AWS::CertificateManager::Certificate",
                "CertificateTransparencyLoggingPreference",
            )
        },
    ),
    (scale_to_one, {(f"{AUTO_SCALING}::ScalableTarget", "MinCapacity")}),
    (scale_late, {(f"{AUTO_SCALING}::ScalingPolicy", f"{POLICY_CONFIGURATION}.TargetValue")}),
    (
        scale_no_more,
        {(f"{AUTO_SCALING}::ScalableTarget", ""), (f"{AUTO_SCALING}::ScalingPolicy", "")},
    ),
    (trace_everything, {("AWS::XRay::SamplingRule", "SamplingRule.FixedRate")}),
    (trace_nothing, {("AWS::XRay::SamplingRule", "")}),
    (
        open_the_tasks,
        {("AWS::EC2::SecurityGroup", "SecurityGroupIngress")},
    ),
    (close_the_tasks, {("AWS::EC2::SecurityGroupIngress", "")}),
]
