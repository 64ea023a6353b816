"""What the log groups of a service are called."""

from runbook.model.services import Service


def log_groups(service: Service) -> tuple[str, str, str]:
    """Name the groups of the service's own lines, of the collector's and of the migrations'."""
    app = f"/ecs/{service.name}"
    return app, f"{app}/collector", f"{app}-migrations"
