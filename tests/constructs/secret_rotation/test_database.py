"""The database's mechanisms against a real PostgreSQL."""

from tests.constructs.secret_rotation.world import World


def test_the_first_rotation(world: World) -> None:
    world.rotate(world.user)
    v = world.versions(world.user)
    assert v["AWSCURRENT"].username == "application_b"
    assert v["AWSPREVIOUS"].username == "application_a"
    assert world.takes(v["AWSCURRENT"]) and world.takes(v["AWSPREVIOUS"])
    print(world.calls)


def test_master(world: World) -> None:
    world.rotate(world.master)
    v = world.versions(world.master)
    assert world.takes(v["AWSCURRENT"]) and not world.takes(v["AWSPREVIOUS"])
    world.rotate(world.user)
    print(world.calls)
