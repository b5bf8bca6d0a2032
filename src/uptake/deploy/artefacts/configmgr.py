"""Configuration Manager: content folder, application with detection and uninstall, collections, deployments by wave.

The cmdlets are those of public scripts and general knowledge (packaging D.3); their parameters were not tried on a site.
"""

from __future__ import annotations

from uptake.core.errors import UptakeError
from uptake.deploy.artefacts.detection import detection_body
from uptake.deploy.artefacts.model import SITE_CODE, Artefact, Delivery, Ring, uninstall_configuration, wanted
from uptake.deploy.artefacts.powershell import array, quoted, script

INSTALL = "setup.exe /configure configuration.xml"
UNINSTALL = "setup.exe /configure uninstall.xml"


def configmgr(delivery: Delivery) -> tuple[Artefact, ...]:
    """Files for a site. Raises `UptakeError` without a content path or with a site code that is none."""
    if not SITE_CODE.fullmatch(delivery.site_code):
        raise UptakeError("the site code has three letters or digits")
    if not delivery.content_path.startswith("\\\\"):
        raise UptakeError(
            "Configuration Manager takes content from a share", hint=r"A path such as \\server\share\folder."
        )
    view = delivery.view()
    title = delivery.name
    detect = script(f"Detection of {delivery.name}", detection_body(wanted(delivery)))
    return (
        Artefact("content/configuration.xml", delivery.stored(), "what setup.exe installs"),
        Artefact("content/uninstall.xml", uninstall_configuration(view.configuration), "what setup.exe takes away"),
        Artefact("detect.ps1", detect, "detection by version, channel, products and bitness"),
        Artefact("new-application.ps1", script(f"Application {title}", _application(delivery)), "application and distribution"),
        Artefact("new-deployments.ps1", script(f"Deployments of {title}", _deployments(delivery)), "collections and deployments"),
        Artefact("content/README.txt", _readme().encode(), "what else belongs into the content folder"),
    )  # fmt: skip


def _connect(delivery: Delivery) -> str:
    """The site's drive; file tests happen before, on a file drive, where the cmdlets of the site are not."""
    return f"""
$siteCode = {quoted(delivery.site_code.upper())}
$module = Join-Path (Split-Path $env:SMS_ADMIN_UI_PATH -Parent) 'ConfigurationManager.psd1'
Import-Module $module
Push-Location ($siteCode + ':')
"""


def _application(delivery: Delivery) -> str:
    return f"""
$name = {quoted(delivery.name)}
$content = {quoted(delivery.content_path)}
$publisher = {quoted(delivery.publisher)}
$detection = Join-Path $PSScriptRoot 'detect.ps1'

Set-Location C:
foreach ($file in @('setup.exe', 'configuration.xml', 'uninstall.xml')) {{
    if (-not (Test-Path -LiteralPath (Join-Path $content $file))) {{ throw "$file is missing in $content" }}
}}
{_connect(delivery)}
try {{
    if ($null -ne (Get-CMApplication -Name $name -Fast)) {{ throw "An application with this name is there already." }}
    New-CMApplication -Name $name -Publisher $publisher -AutoInstall $true | Out-Null
    $platform = 'Windows/All_x64_Windows_10_and_higher_Clients'
    $windows = Get-CMGlobalCondition -Name 'Operating System' |
        Where-Object {{ $_.PlatformType -eq 1 }} |
        New-CMRequirementRuleOperatingSystemValue -RuleOperator OneOf -PlatformString $platform
    $arguments = @{{
        ApplicationName          = $name
        DeploymentTypeName       = "$name - install"
        ContentLocation          = $content
        InstallCommand           = {quoted(INSTALL)}
        UninstallCommand         = {quoted(UNINSTALL)}
        ScriptLanguage           = 'PowerShell'
        ScriptFile               = $detection
        InstallationBehaviorType = 'InstallForSystem'
        LogonRequirementType     = 'WhetherOrNotUserLoggedOn'
        UserInteractionMode      = 'Hidden'
        MaximumRuntimeMins       = 120
        EstimatedRuntimeMins     = 30
        AddRequirement           = $windows
    }}
    Add-CMScriptDeploymentType @arguments | Out-Null
    $group = {quoted(delivery.distribution_group)}
    if ($group -ne '') {{ Start-CMContentDistribution -ApplicationName $name -DistributionPointGroupName $group }}
}}
finally {{ Pop-Location }}
"""


def _deployments(delivery: Delivery) -> str:
    parts = [f"$name = {quoted(delivery.name)}", _connect(delivery), "try {"]
    parts += [_ring(delivery, ring) for ring in delivery.rings]
    return "\n".join([*parts, "}", "finally { Pop-Location }"])


def _ring(delivery: Delivery, ring: Ring) -> str:
    available = (
        f"    $arguments['AvailableDateTime'] = [datetime]'{ring.start.isoformat()}T06:00:00'\n" if ring.start else ""
    )
    deadline = (
        f"    $arguments['DeadlineDateTime'] = [datetime]'{ring.deadline.isoformat()}T20:00:00'\n"
        if ring.deadline
        else ""
    )
    return f"""
    $collection = {quoted(f"{delivery.name} - {ring.name}")}
    if ($null -eq (Get-CMDeviceCollection -Name $collection)) {{
        New-CMDeviceCollection -Name $collection -LimitingCollectionName 'All Systems' | Out-Null
    }}
    $devices = {array(ring.devices)}
    foreach ($device in $devices) {{
        $resource = Get-CMDevice -Name $device -Fast
        if ($null -eq $resource) {{ Write-Warning "$device is not known to the site"; continue }}
        Add-CMDeviceCollectionDirectMembershipRule -CollectionName $collection -ResourceId $resource.ResourceID
    }}
    $arguments = @{{
        Name             = $name
        CollectionName   = $collection
        DeployAction     = 'Install'
        DeployPurpose    = 'Required'
        UserNotification = 'DisplayAll'
    }}
{available}{deadline}    New-CMApplicationDeployment @arguments | Out-Null
"""


def _readme() -> str:
    return (
        "Content folder\r\n\r\nsetup.exe          the Office Deployment Tool, a current release; not part of this package\r\n"
        "configuration.xml  what is installed\r\nuninstall.xml      what is taken away\r\n"
        "Office\\            only for a local source: run setup.exe /download configuration.xml here; keep v32.cab and v64.cab\r\n"
    )
