"""Intune: the Win32 variant with its scripts, and the body of the built-in Microsoft 365 Apps type with what it cannot say.

`officeSuiteApp` exists in Graph beta only (metadata of 2026-07-23); `officeConfigurationXml` in it overrides every other field.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from uptake import catalogue
from uptake.core.errors import UptakeError
from uptake.deploy.artefacts.detection import detection_body, requirement_body
from uptake.deploy.artefacts.model import Artefact, Delivery, uninstall_configuration, wanted
from uptake.deploy.artefacts.powershell import quoted, script
from uptake.deploy.odt.view import SHARE, View

FREE_MB = 5120
TYPES = {"success": "success", "failed": "failed", "retry": "retry", "reboot": "softReboot"}


def intune_win32(delivery: Delivery) -> tuple[Artefact, ...]:
    """Files for a Win32 app: scripts, the body for Graph v1.0 and the assignments by wave."""
    view = delivery.view()
    title = delivery.name
    detect = script(f"Detection of {delivery.name}", detection_body(wanted(delivery)))
    body = json.dumps(win32_body(delivery, detect), ensure_ascii=False, indent=1)
    assignments = json.dumps(assignment_plan(delivery), ensure_ascii=False, indent=1)
    return (
        Artefact("content/configuration.xml", delivery.stored(), "what setup.exe installs"),
        Artefact("content/uninstall.xml", uninstall_configuration(view.configuration), "what setup.exe takes away"),
        Artefact("content/install.ps1", script(f"Installation of {title}", _run("configuration.xml")), "installs"),
        Artefact("content/uninstall.ps1", script(f"Removal of {title}", _run("uninstall.xml")), "takes away, likewise"),
        Artefact("detect.ps1", detect, "detection by version, channel, products and bitness"),
        Artefact("require.ps1", script(f"Requirement of {title}", requirement_body(FREE_MB)), "room on the disk; must say yes"),
        Artefact("win32LobApp.json", body.encode(), "body for deviceAppManagement/mobileApps"),
        Artefact("assignments.json", assignments.encode(), "group, day and deadline of each wave"),
    )  # fmt: skip


def _run(configuration: str) -> str:
    """The tool beside the script, only if Microsoft signed it; its exit code is ours."""
    return f"""
$setup = Join-Path $PSScriptRoot 'setup.exe'
$configuration = Join-Path $PSScriptRoot {quoted(configuration)}
if (-not (Test-Path -LiteralPath $setup)) {{ Write-Error 'setup.exe is missing beside this script' }}
$signature = Get-AuthenticodeSignature -LiteralPath $setup
if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {{
    exit 13
}}
$words = @('/configure', ('"' + $configuration + '"'))
$process = Start-Process -FilePath $setup -ArgumentList $words -Wait -PassThru -WindowStyle Hidden
exit $process.ExitCode
"""


def win32_body(delivery: Delivery, detect: bytes) -> dict[str, Any]:
    """The body of a win32LobApp; the encrypted content is uploaded apart."""
    return {
        "@odata.type": "#microsoft.graph.win32LobApp",
        "displayName": delivery.name,
        "publisher": delivery.publisher,
        "installCommandLine": "powershell.exe -NoProfile -ExecutionPolicy Bypass -File install.ps1",
        "uninstallCommandLine": "powershell.exe -NoProfile -ExecutionPolicy Bypass -File uninstall.ps1",
        "setupFilePath": "install.ps1",
        "applicableArchitectures": "x64",
        "minimumSupportedWindowsRelease": "1809",
        "minimumFreeDiskSpaceInMB": FREE_MB,
        "installExperience": {"runAsAccount": "system", "deviceRestartBehavior": "basedOnReturnCode"},
        "returnCodes": [
            {"returnCode": int(row["code"]), "type": TYPES[row["kind"]]} for row in catalogue.read_table("odt_exit_codes")
        ],
        "rules": [{
            "@odata.type": "#microsoft.graph.win32LobAppPowerShellScriptRule", "ruleType": "detection",
            "enforceSignatureCheck": False,
            "runAs32Bit": False, "scriptContent": base64.b64encode(detect).decode(),
        }],
    }  # fmt: skip


def assignment_plan(delivery: Delivery) -> list[dict[str, Any]]:
    return [
        {
            "group": f"{delivery.name} - {ring.name}", "intent": "required", "devices": list(ring.devices),
            "available": ring.start.isoformat() if ring.start else None,
            "deadline": ring.deadline.isoformat() if ring.deadline else None,
        }
        for ring in delivery.rings
    ]  # fmt: skip


def office_suite_app(delivery: Delivery) -> tuple[Artefact, ...]:
    """The body of the built-in type. Raises `UptakeError` for what it refuses: volume products and sources on a share."""
    view = delivery.view()
    volume = [product.id for product in view.products if product.is_volume]
    if volume or SHARE.match(view.source):
        what = f"the volume product {volume[0]}" if volume else f"the source {view.source}"
        raise UptakeError(f"Intune's built-in type refuses {what} (0x80004005)", hint="Use the Win32 variant.")
    body = {
        "@odata.type": "#microsoft.graph.officeSuiteApp",
        "displayName": delivery.name,
        "description": delivery.name,
        "publisher": delivery.publisher,
        "officeConfigurationXml": base64.b64encode(delivery.stored()).decode(),
    }
    text = json.dumps(body, ensure_ascii=False, indent=1)
    gaps = "".join(f"- {gap}\r\n" for gap in known_gaps(view))
    return (
        Artefact("officeSuiteApp.json", text.encode(), "body for beta/deviceAppManagement/mobileApps"),
        Artefact("officeSuiteApp-gaps.txt", gaps.encode(), "what the built-in type cannot do"),
    )


def known_gaps(view: View) -> tuple[str, ...]:
    """What a reader must know of the built-in type (packaging D.4, memdocs of 2018 to 2021 and Graph of 2026-07)."""
    gaps = [
        "One deployment of this type for each device; a later assignment replaces the apps of an earlier one.",
        "The status tells how the attempt ended and nothing about what is installed now.",
        "It cannot be a dependency of a Win32 app, and a second installation beside it does not fit.",
        "Required means silent.",
    ]
    if view.remove_msi is None:
        gaps.append(
            "Editions by Windows Installer must be removed or the installation fails; this file has no RemoveMSI."
        )
    if any("outlookforwindows" in product.excluded for product in view.products):
        gaps.append("OutlookForWindows is excluded by the XML; the properties of the type have nothing for it.")
    return tuple(gaps)


def office_csp(delivery: Delivery, identity: str) -> Artefact:
    """SyncML for the Office CSP: Exec on Install with the configuration as escaped text."""
    from xml.sax.saxutils import escape

    if not identity or not all(char.isalnum() or char == "-" for char in identity):
        raise UptakeError("the id of the installation has letters, digits and hyphens only")
    text = (
        "<Exec><CmdID>1</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Office/Installation/"
        f'{identity}/Install</LocURI></Target><Meta><Format xmlns="syncml:metinf">chr</Format></Meta>'
        f"<Data>{escape(delivery.stored().decode())}</Data></Item></Exec>\n"
    )
    return Artefact("office-csp.xml", text.encode(), "SyncML for the Office CSP; FinalStatus 70 is done, 60 failed")
