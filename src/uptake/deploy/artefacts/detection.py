"""How a device shows that the package is there: version, channel, products and bitness of Click-to-Run's own key.

Always the 64-bit view of the registry, and “contains” for products: equality breaks as soon as Visio is added (packaging D.3).
"""

from __future__ import annotations

from uptake.deploy.artefacts.model import CONFIGURATION_KEY, Wanted
from uptake.deploy.artefacts.powershell import array, quoted

CDN = "http://officecdn.microsoft.com/pr/"


def detection_body(wanted: Wanted) -> str:
    """PowerShell that writes a line and ends with 0 when everything is so, and ends with 0 and no line when not.

    Both Configuration Manager and Intune read it like that: output means installed.
    """
    return f"""
$wantedVersion = {quoted(wanted.version)}
$wantedChannel = {quoted(wanted.channel_id)}
$wantedPlatform = {quoted(wanted.platform)}
$wantedProducts = {array(wanted.products)}

{READ_KEY}
if ($null -eq $key) {{ exit 0 }}
$version = [string]$key.GetValue('VersionToReport', '')
$products = ([string]$key.GetValue('ProductReleaseIds', '')).Split(',') | ForEach-Object {{ $_.Trim() }}
$platform = [string]$key.GetValue('Platform', '')
$channel = [string]$key.GetValue('CDNBaseUrl', '')
$key.Close()

$parsed = $null
if (-not [version]::TryParse($version, [ref]$parsed)) {{ exit 0 }}
if ($wantedVersion -ne '' -and $parsed -lt [version]$wantedVersion) {{ exit 0 }}
if ($wantedPlatform -ne '' -and $platform -ne $wantedPlatform) {{ exit 0 }}
if ($wantedChannel -ne '' -and -not $channel.EndsWith($wantedChannel, [System.StringComparison]::OrdinalIgnoreCase)) {{ exit 0 }}
foreach ($product in $wantedProducts) {{
    if ($products -notcontains $product) {{ exit 0 }}
}}
Write-Output "Installed: $version"
exit 0
"""


READ_KEY = f"""$view = [Microsoft.Win32.RegistryView]::Registry64
$hive = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, $view)
$key = $hive.OpenSubKey('{CONFIGURATION_KEY}')"""
"""The 64-bit view also for a 32-bit host, as Intune's agent is one."""


def requirement_body(free_mb: int) -> str:
    """PowerShell that says `yes` where there is room on the system drive, and Windows is 64-bit."""
    return f"""
$drive = Get-CimInstance -ClassName Win32_LogicalDisk -Filter "DeviceID='$($env:SystemDrive)'"
$hasRoom = ($drive.FreeSpace / 1MB) -ge {int(free_mb)}
if ($hasRoom -and [Environment]::Is64BitOperatingSystem) {{ Write-Output 'yes' }} else {{ Write-Output 'no' }}
"""
