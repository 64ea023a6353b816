"""The database is spoken to by TLS, in its own name, under authorities that are named."""

import datetime as dt
import re
from pathlib import Path

import pytest
from cryptography import x509

from runbook.model.loader import load_environment
from runbook_constructs.secret_rotation.handler.credentials import Credential
from runbook_constructs.secret_rotation.handler.database import (
    AUTHORITIES,
    RefusedError,
    StatementError,
    server,
)
from tests.constructs.secret_rotation.tls_relay import certificates
from tests.constructs.secret_rotation.world import MASTER, World

KINDS = ("ECC384", "RSA2048", "RSA4096")


def test_it_logs_in_by_tls(world: World) -> None:
    with world.server.log_in(Credential(MASTER, world.first["master"])) as session:
        assert session.run("SELECT current_user") == [[MASTER]]


def test_a_wrong_password_is_told_apart_from_all_else(world: World) -> None:
    with pytest.raises(RefusedError, match="refuses this user's password"):
        world.server.log_in(Credential(MASTER, "wrong"))
    master, variables = Credential(MASTER, world.first["master"]), world.variables(world.master)
    elsewhere = server(variables | {"DATABASE_NAME": "nowhere"})
    with pytest.raises(StatementError, match="answers with the error 3D000"):
        elsewhere.log_in(master)
    closed = server(variables | {"DATABASE_PORT": "1"})
    with pytest.raises(StatementError, match="does not work: InterfaceError"):
        closed.log_in(master)


@pytest.mark.parametrize("changed", ["DATABASE_HOST", "DATABASE_CA_FILE"])
def test_another_name_or_authority_is_refused(world: World, tmp_path: Path, changed: str) -> None:
    roots, _ = certificates(tmp_path, "localhost")
    values = {"DATABASE_HOST": "127.0.0.1", "DATABASE_CA_FILE": str(roots)}
    variables = world.variables(world.master) | {changed: values[changed]}
    with pytest.raises(StatementError, match="certificate does not hold"):
        server(variables).log_in(Credential(MASTER, world.first["master"]))


def test_without_a_file_the_authorities_are_those_of_rds_alone(world: World) -> None:
    variables = world.variables(world.master)
    del variables["DATABASE_CA_FILE"]
    found = server(variables)
    assert found.tls.check_hostname
    subjects = [str(authority["subject"]) for authority in found.tls.get_ca_certs()]
    assert subjects
    names = [re.findall(r"'commonName', '([^']+)'", subject)[0] for subject in subjects]
    assert all(re.fullmatch(r"Amazon RDS [a-z0-9-]+ Root CA \w+ G1", name) for name in names)
    with pytest.raises(StatementError, match="certificate does not hold"):
        found.log_in(Credential(MASTER, world.first["master"]))


@pytest.mark.parametrize("name", ["rovn/production", "rovn/staging"])
def test_the_authorities_of_an_environments_region_are_there_for_years(name: str) -> None:
    region = load_environment(name).region
    found = {
        c.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value: c
        for c in x509.load_pem_x509_certificates(AUTHORITIES.read_bytes())
    }
    for kind in KINDS:
        certificate = found[f"Amazon RDS {region} Root CA {kind} G1"]
        certificate.verify_directly_issued_by(certificate)
        assert certificate.not_valid_after_utc > dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
