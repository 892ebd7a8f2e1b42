"""``dagsterlite instance``: look at ``$DAGSTER_HOME``, check and migrate it."""

from __future__ import annotations

import time
from collections import Counter

import click

from dagsterlite.cli.exits import Failed
from dagsterlite.instance import DagsterInstance, home_folder
from dagsterlite.render.instances import instance_report
from dagsterlite.render.runs import status_of
from dagsterlite.render.screen import screen
from dagsterlite.settings import check_home, migrate_home


@click.group()
def instance_group() -> None:
    """Look at $DAGSTER_HOME, which keeps runs and events; check and migrate it."""


@instance_group.command("info")
@click.pass_context
def info(ctx: click.Context) -> None:
    """Show what the instance is made of and where it lies; credentials stay hidden."""
    instance = ctx.with_resource(DagsterInstance.get())
    now = time.time()
    runs = Counter(status_of(record, now) for record in instance.get_run_records())
    console = screen()
    for line in instance_report(home_folder(), instance.get_ref(), runs):
        console.print(line, soft_wrap=True)


@instance_group.command("check")
def check() -> None:
    """Open each part of the instance, and tell what is wrong with it. Exit code 1 if any is."""
    faults = 0
    for section, data, fault in check_home(home_folder()):
        if fault is None:
            click.echo(f"{section}: {data} is in order.")
        else:
            faults += 1
            click.echo(f"{section}: {data}: {fault}", err=True)
    if faults:
        raise Failed(f"Of the instance, {faults} part(s) cannot be used.")


@instance_group.command("migrate")
def migrate() -> None:
    """Bring the instance's databases from older versions to this one's."""
    changed = migrate_home(home_folder())
    for place in changed:
        click.echo(f"Migrated {place}.")
    if not changed:
        click.echo("Nothing to migrate: the instance is up to date.")
