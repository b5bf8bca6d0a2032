"""The database itself refuses to change or delete an entry of the audit trail."""

from typing import Any, ClassVar

from django.db import migrations

POSTGRES = """
CREATE FUNCTION uptake_audit_refuse() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER uptake_audit_append_only BEFORE UPDATE OR DELETE ON engagements_auditentry
FOR EACH ROW EXECUTE FUNCTION uptake_audit_refuse();
"""
SQLITE = (
    "CREATE TRIGGER uptake_audit_no_update BEFORE UPDATE ON engagements_auditentry "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER uptake_audit_no_delete BEFORE DELETE ON engagements_auditentry "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)


def guard(apps: Any, editor: Any) -> None:  # noqa: ARG001
    """Add the triggers."""
    for statement in (POSTGRES,) if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def unguard(apps: Any, editor: Any) -> None:  # noqa: ARG001
    """Remove them."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "DROP TRIGGER uptake_audit_append_only ON engagements_auditentry; DROP FUNCTION uptake_audit_refuse();"
        )
    else:
        editor.execute("DROP TRIGGER uptake_audit_no_update")
        editor.execute("DROP TRIGGER uptake_audit_no_delete")


class Migration(migrations.Migration):
    """Triggers on the audit trail."""

    dependencies: ClassVar = [("engagements", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(guard, unguard)]
