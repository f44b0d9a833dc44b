"""The tables of an empty database, made at once from the models.

``migrate`` renders every model that is related to a changed one at every step; as nearly everything is related to the
person who did it, a first start would spend a minute there. An empty database needs no history: the tables are made
from the models as they are, and every migration is recorded as applied. That both ways give the same tables is tested.
"""

from __future__ import annotations

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection, router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython


def make_first_tables() -> bool:
    """Make them if there is not one table yet, whole or not at all; returns whether it did."""
    if connection.introspection.table_names():
        return False
    executor = MigrationExecutor(connection)
    with connection.schema_editor() as editor:
        for config in apps.get_app_configs():
            for model in router.get_migratable_models(config, DEFAULT_DB_ALIAS, include_auto_created=False):
                if model._meta.can_migrate(connection):
                    editor.create_model(model)
        _finish(executor, editor)
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)
    return True


def finish_tables() -> None:
    """The rest beside tables that others have made from the models, as Django's test runner does."""
    with connection.schema_editor() as editor:
        _finish(MigrationExecutor(connection), editor)


def _finish(executor: MigrationExecutor, editor: BaseDatabaseSchemaEditor) -> None:
    _run_own_steps(executor, editor)
    executor.recorder.ensure_schema()
    for app, name in executor.loader.graph.nodes:
        executor.recorder.record_applied(app, name)


def _run_own_steps(executor: MigrationExecutor, editor: BaseDatabaseSchemaEditor) -> None:
    """What our migrations do beside the models, such as the index of the full-text search.

    Steps that only convert data are ``elidable`` and have nothing to do here.
    """
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True):
        if not migration.__module__.startswith("punctual."):
            continue
        for operation in migration.operations:
            if isinstance(operation, RunPython) and not operation.elidable:
                operation.code(apps, editor)  # type: ignore[arg-type]  # the models as they are, not as they were
