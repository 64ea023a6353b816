"""Which PHI columns a statement touches, whatever its author says of it (ROVN-MIG-4)."""

import pytest

from delivery.migration_review.parsed import parse
from delivery.migration_review.phi import PhiList, Schema

C, Q = "passport.credentials", "passport.queue"
PHI = PhiList(
    frozenset({"credentials.npi", "credentials.subject_name", "queue.npi"}),
    frozenset({"plans.plan_name"}),
)
NPI, NAME, QUEUE = "credentials.npi", "credentials.subject_name", "queue.npi"
BOTH = (NPI, NAME)
NOTHING: tuple[str, ...] = ()


def touched(text: str) -> tuple[str, ...]:
    """Tell what the last statement touches, after those before it."""
    schema = Schema(PHI)
    *_, last = [schema.touched(each) for each in parse(text)]
    return tuple(sorted(last))


@pytest.mark.clause("ROVN-MIG-4")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"ALTER TABLE {C} ADD COLUMN IF NOT EXISTS expires date", NOTHING),
        (f"ALTER TABLE {C} ADD COLUMN npi text", (NPI,)),
        (f"ALTER TABLE {C} DROP COLUMN npi", (NPI,)),
        (f"ALTER TABLE {C} DROP COLUMN other CASCADE", (NPI, NAME, QUEUE)),
        (f"ALTER TABLE {C} ALTER COLUMN npi TYPE bigint USING npi::bigint", (NPI,)),
        (f"ALTER TABLE {C} ALTER COLUMN npi SET DEFAULT ''", (NPI,)),
        (f"ALTER TABLE {C} ALTER COLUMN id TYPE text USING id || subject_name", (NAME,)),
        (f"ALTER TABLE {C} ADD CONSTRAINT x CHECK (npi <> '')", (NPI,)),
        (f"ALTER TABLE {C} ADD CONSTRAINT x UNIQUE (id)", NOTHING),
        (f"ALTER TABLE {C} DROP CONSTRAINT x", BOTH),
        (f"ALTER TABLE {C} RENAME COLUMN npi TO number", BOTH),
        (f"ALTER TABLE {C} RENAME TO people", BOTH),
        (f"ALTER TABLE {C} SET SCHEMA public", BOTH),
        (f"ALTER TABLE {C} OWNER TO x", BOTH),
        (f"ALTER TABLE {C} ENABLE ROW LEVEL SECURITY", BOTH),
        ('ALTER TABLE ONLY "passport"."credentials" DROP COLUMN "npi"', (NPI,)),
        ("alter table CREDENTIALS drop column NPI", (NPI,)),
        (f"CREATE TABLE {C} (id uuid, npi text, subject_name text)", BOTH),
        (f"CREATE TABLE passport.o (id uuid REFERENCES {C} (id))", NOTHING),
        (f"CREATE TABLE passport.o (id text REFERENCES {C} (npi))", (NPI,)),
        (f"CREATE TABLE passport.o () INHERITS ({C})", BOTH),
        (f"CREATE TABLE passport.o AS SELECT id FROM {C}", BOTH),
        (f"CREATE TABLE passport.o (LIKE {C})", NOTHING),
        (f"CREATE INDEX i ON {C} (npi)", (NPI,)),
        (f"CREATE INDEX i ON {C} (lower(npi), id)", (NPI,)),
        (f"CREATE INDEX i ON {C} (id) INCLUDE (subject_name)", (NAME,)),
        (f"CREATE INDEX i ON {C} (id) WHERE npi > '5'", (NPI,)),
        (f"CREATE INDEX i ON {C} (id)", NOTHING),
        (f"CREATE INDEX i ON {C} (npi); DROP INDEX passport.i", (NPI,)),
        (f"UPDATE {C} SET npi = '0'", (NPI,)),
        (f"UPDATE {C} SET id = id WHERE subject_name = 'x'", (NAME,)),
        (f"UPDATE {C} SET id = id", NOTHING),
        (f"UPDATE passport.o SET v = c.npi FROM {C} c", (NPI,)),
        (f"UPDATE passport.o SET v = c::text FROM {C} c", BOTH),
        (f"UPDATE passport.o SET v = credentials::text FROM {C}", BOTH),
        (f"INSERT INTO {C} (npi) VALUES ('0')", (NPI,)),
        (f"INSERT INTO {C} VALUES ('0')", BOTH),
        (f"INSERT INTO passport.o (v) SELECT npi FROM {C}", (NPI,)),
        (f"INSERT INTO passport.o (v) SELECT to_json(c) FROM {C} AS c", BOTH),
        (f"INSERT INTO passport.o (v) SELECT c.* FROM {C} AS c", BOTH),
        (f"INSERT INTO passport.o (v) TABLE {C}", BOTH),
        (f"INSERT INTO passport.o (v) SELECT 1 FROM {C} JOIN {Q} USING (npi)", (NPI, QUEUE)),
        (f"INSERT INTO passport.o (v) SELECT 1 FROM {C} NATURAL JOIN {Q}", (NPI, NAME, QUEUE)),
        (f"INSERT INTO o (v) WITH w AS (SELECT npi AS a FROM {C}) SELECT a FROM w", (NPI,)),
        (f"DELETE FROM {C}", BOTH),
        (f"DELETE FROM passport.o USING {C} c WHERE c.id = o.id", BOTH),
        (f"TRUNCATE {C}", BOTH),
        ("TRUNCATE passport.o CASCADE", (NPI, NAME, QUEUE)),
        (f"DROP TABLE IF EXISTS {C}", BOTH),
        (f"DROP TABLE passport.o, {Q}", (QUEUE,)),
        ("DROP TABLE passport.o CASCADE", (NPI, NAME, QUEUE)),
        ("DROP SCHEMA passport", (NPI, NAME, QUEUE)),
        (f"GRANT SELECT ON {C} TO x", BOTH),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA passport TO x", (NPI, NAME, QUEUE)),
        (f"COMMENT ON COLUMN {C}.npi IS 'x'", (NPI,)),
        (f"CREATE VIEW passport.v AS SELECT npi AS a FROM {C}", (NPI,)),
        (f"CREATE VIEW passport.v AS SELECT npi AS a FROM {C};"
         "INSERT INTO passport.o (v) SELECT a FROM passport.v", (NPI,)),
        (f"CREATE TRIGGER t BEFORE UPDATE OF id ON {C} FOR EACH ROW EXECUTE FUNCTION f()", BOTH),
        (f"DO $$ BEGIN UPDATE {C} SET npi = ''; END $$", BOTH),
        ("DO $$ BEGIN EXECUTE 'UPDATE passport.credentials SET id = id'; END $$", BOTH),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM queue'", (QUEUE,)),
        (f"LOCK TABLE {C}", BOTH),
        (f"COPY {C} TO STDOUT", BOTH),
        (f"SELECT npi FROM {C}", BOTH),
        ("CREATE SCHEMA x; CREATE TABLE x.y (z int); UPDATE x.y SET z = 1", NOTHING),
    ],
)  # fmt: skip
def test_each_statement_names_the_phi_it_touches(text: str, expected: tuple[str, ...]) -> None:
    assert touched(text) == expected


@pytest.mark.parametrize(
    ("text", "unlisted"),
    [
        ("CREATE TABLE passport.contacts (id uuid, email text)", ["contacts.email"]),
        (f"ALTER TABLE {C} ADD COLUMN IF NOT EXISTS patient_ssn text", ["credentials.patient_ssn"]),
        ("CREATE TABLE passport.plans (plan_name text, price int)", []),
        (f"ALTER TABLE {C} ADD COLUMN IF NOT EXISTS npi text", []),
    ],
)
def test_a_new_column_that_sounds_like_phi_must_be_on_a_list(
    text: str, unlisted: list[str]
) -> None:
    assert [c for each in parse(text) for c in Schema(PHI).unlisted(each)] == unlisted
