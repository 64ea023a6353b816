"""Whatever holds patients' data is of a kind that the other rules can judge."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, is_replica
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

ENGINE = "postgres"
_OF_A_CLUSTER = ("DBClusterIdentifier", "DBClusterSnapshotIdentifier", "SourceDBClusterIdentifier")
# Databases, and what makes copies of one, that have other switches than an instance.
OTHERS = (
    "AWS::Cassandra::Table",
    "AWS::DMS::DataMigration",
    "AWS::DMS::ReplicationConfig",
    "AWS::DMS::ReplicationInstance",
    "AWS::DMS::ReplicationTask",
    "AWS::DSQL::Cluster",
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::DocDBElastic::Cluster",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Elasticsearch::Domain",
    "AWS::Lightsail::Database",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::Neptune::DBInstance",
    "AWS::NeptuneGraph::Graph",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchService::Domain",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBSecurityGroup",
    "AWS::RDS::DBShardGroup",
    "AWS::RDS::GlobalCluster",
    "AWS::RDS::Integration",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::RedshiftServerless::Workgroup",
    "AWS::SDB::Domain",
    "AWS::Timestream::Database",
    "AWS::Timestream::InfluxDBInstance",
    "AWS::Timestream::Table",
)


def _name(scope: Scope, *, replica: bool) -> str:
    return f"{scope.environment.slug}-postgres{'-replica' if replica else ''}"


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type != INSTANCE:
        yield f"no rule here can judge {resource.type}"
        return
    replica = is_replica(resource)
    engine = resource.at("Engine", ENGINE if replica else None)
    if engine != ENGINE:
        yield f"Engine is {engine}, not {ENGINE}"
    for key in _OF_A_CLUSTER:
        if resource.at(key) is not None:
            yield f"{key} is set: a cluster's settings would replace the instance's own"
    name, wanted = resource.at("DBInstanceIdentifier"), _name(scope, replica=replica)
    if name != wanted:
        yield f"DBInstanceIdentifier is {name}, not {wanted}"
    if replica and not scope.environment.database.read_replica:
        yield "it is a replica, and database.read_replica is false"


def _required(scope: Scope) -> Iterator[str]:
    found = [is_replica(instance) for instance in scope.resources(INSTANCE)]
    for replica in (False, True) if scope.environment.database.read_replica else (False,):
        if found.count(replica) != 1:
            name = _name(scope, replica=replica)
            yield f"there are {found.count(replica)} of the instance {name}, not one"


RULE = Rule(
    id="database-known-kind",
    title="The environment's database is one PostgreSQL instance under its name, with a replica "
    "where the environment file asks for one, and nothing else",
    why="A store that the rules cannot judge holds patients' data with nobody checking its "
    "encryption, its doors or its backups.",
    remedy="Use runbook_constructs.database; another kind of database takes rules of its own "
    "first.",
    clauses=(),
    controls=("HIPAA 164.308(a)(1)(ii)(A)", "NIST CM-8"),
    types=(INSTANCE, *OTHERS),
    judge=_judge,
    required=_required,
    waivable=False,
)
