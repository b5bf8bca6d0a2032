"""Settings by policy: the channel that stays, the deadline in days, updates by Configuration Manager; and the way back.

The value names are those of the administrative templates (packaging B.5); values of UpdateBranch are general knowledge, unverified.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from uptake.core.errors import UptakeError
from uptake.deploy.artefacts.model import Artefact, Delivery
from uptake.deploy.artefacts.powershell import quoted, script
from uptake.deploy.odt import tables
from uptake.deploy.odt.reading import Attribute, Configuration, Element, Remark
from uptake.deploy.odt.writing import canonical

POLICY_KEY = r"SOFTWARE\Policies\Microsoft\office\16.0\Common\officeupdate"
BRANCHES = {
    "Current": "Current", "CurrentPreview": "FirstReleaseCurrent", "MonthlyEnterprise": "MonthlyEnterprise",
    "SemiAnnual": "Deferred",
    "SemiAnnualPreview": "FirstReleaseDeferred", "BetaChannel": "InsiderFast",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PolicySetting:
    """One value below HKEY_LOCAL_MACHINE."""

    name: str
    value: str
    kind: str
    why: str


def policy_settings(delivery: Delivery, deadline_days: int = 0) -> tuple[PolicySetting, ...]:
    """The policies that keep what the configuration begins."""
    view = delivery.view()
    channel = tables.channel_of(view.channel("Updates") or view.channel())
    found = []
    if channel and channel.value in BRANCHES:
        why = f"keeps {channel.name}, so that the tenant's default does not replace it"
        found.append(PolicySetting("updatebranch", BRANCHES[channel.value], "String", why))
    if view.updates and view.updates.get("UpdatePath").strip():
        found.append(
            PolicySetting("updatepath", view.updates.get("UpdatePath").strip(), "String", "where updates come from")
        )
    if deadline_days:
        found.append(
            PolicySetting("updatedeadline", str(int(deadline_days)), "String", "days until an update is forced")
        )
    if view.is_set(view.add, "OfficeMgmtCOM"):
        found.append(PolicySetting("officemgmtcom", "1", "DWord", "Configuration Manager updates"))
    if view.updates and view.updates.get("Enabled").strip().lower() == "false":
        found.append(PolicySetting("enableautomaticupdates", "0", "DWord", "updates are off"))
    return tuple(found)


def policy(delivery: Delivery, deadline_days: int = 0) -> tuple[Artefact, ...]:
    """A script that sets the policies on a test device, and the list for whoever makes them in the domain or in Intune."""
    settings = policy_settings(delivery, deadline_days)
    body = f"$path = {quoted('HKLM:' + chr(92) + POLICY_KEY)}\n"
    body += "if (-not (Test-Path -LiteralPath $path)) { New-Item -Path $path -Force | Out-Null }\n"
    body += "".join(map(_line, settings))
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("key", "name", "type", "value", "why"))
    writer.writerows((f"HKLM\\{POLICY_KEY}", each.name, each.kind, _plain(each.value), each.why) for each in settings)
    return (
        Artefact(
            "policy/set-policy.ps1",
            script(f"Policies for {delivery.name}", body),
            "sets the policies on a test device",
        ),
        Artefact("policy/policies.csv", table.getvalue().encode(), "the policies as a list"),
    )


def _line(each: PolicySetting) -> str:
    words = f"-Name {quoted(each.name)} -Value {quoted(each.value)} -PropertyType {each.kind}"
    return f"New-ItemProperty -LiteralPath $path {words} -Force | Out-Null\n"


def _plain(value: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in "=+-@\t\r" else value


def rollback(delivery: Delivery, version: str = "", channel: str = "") -> tuple[Artefact, ...]:
    """Packages for the way back: to a build, to a channel, and to 32-bit. Raises `UptakeError` for values that do not exist."""
    made = []
    if version:
        if tables.build_number(version) is None:
            raise UptakeError(f"{version!r} is no version", hint="It reads 16.0.x.y.")
        own = tables.channel_of(delivery.view().channel("Updates") or delivery.view().channel())
        stays = {"Channel": own.value} if own else {}
        updates = _element("Updates", Enabled="TRUE", TargetVersion=version, **stays)
        made.append(
            _package("rollback/to-version.xml", (updates,), f"back to build {version}; take the target out afterwards")
        )
    if channel:
        known = tables.channel_of(channel)
        if known is None or known.kind != "subscription":
            raise UptakeError(f"{channel!r} is no channel of Microsoft 365 Apps")
        updates = _element("Updates", Enabled="TRUE", Channel=known.value)
        made.append(
            _package("rollback/to-channel.xml", (updates,), f"back to {known.name}; a lower build is a larger download")
        )
    if delivery.view().edition == "64":
        add = _element("Add", OfficeClientEdition="32", MigrateArch="TRUE")
        display = _element("Display", Level="None", AcceptEULA="TRUE")
        close = _element("Property", Name="FORCEAPPSHUTDOWN", Value="TRUE")
        made.append(
            _package(
                "rollback/to-32-bit.xml",
                (add, close, display),
                "back to 32-bit: removes and installs again, apps are closed",
            )
        )
    return tuple(made)


def _element(name: str, **attributes: str) -> Element:
    return Element(name, tuple(Attribute(key, value) for key, value in attributes.items()))


def _package(path: str, children: tuple[Element, ...], purpose: str) -> Artefact:
    content = canonical(
        Configuration(Element("Configuration", children=(Remark("comment", f" {purpose} "), *children)))
    )
    return Artefact(path, content, purpose)
