# Collects Office add-ins of this computer as JSON (schema uptake.addins/1) for `uptake addins import`.
# Nothing is installed and nothing is changed. Run it once in the context of a user, and once more as administrator for other users' keys.
# -NoPrograms leaves out the list of installed programs, in which those that use Office are looked for.
# -Conceal replaces the names of computer and user by a digest. Not run on Windows when it was made: try it on a test device first.
#Requires -Version 5.1
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)] [string] $OutFile,
    [string] $Department = '',
    [switch] $Conceal,
    [switch] $NoPrograms
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$notReadable = New-Object System.Collections.Generic.List[string]
$keys = New-Object System.Collections.Generic.List[object]
$paths = New-Object System.Collections.Generic.HashSet[string]([System.StringComparer]::OrdinalIgnoreCase)
$classes = New-Object System.Collections.Generic.HashSet[string]([System.StringComparer]::OrdinalIgnoreCase)

function Get-Digest([string] $Text) {
    $sha = [System.Security.Cryptography.SHA256]::Create()
    $bytes = $sha.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($Text.ToLowerInvariant()))
    return ([System.BitConverter]::ToString($bytes) -replace '-', '').Substring(0, 12).ToLowerInvariant()
}

function Add-Key($Key, [string] $Path, [int] $Depth) {
    $values = @{}
    foreach ($name in $Key.GetValueNames()) {
        $value = $Key.GetValue($name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
        if ($value -is [byte[]]) {
            # Office writes what it disabled as bytes that hold the name in UTF-16; other bytes are not needed.
            if ($Path -notlike '*\Resiliency\*' -or $value.Length -gt 4096) { continue }
            $value = 'hex:' + ([System.BitConverter]::ToString($value) -replace '-', '')
        }
        if ($value -is [string[]]) { $value = $value -join ';' }
        $values[$name] = $value
        if ($value -is [string] -and $value -match '\.(dll|xll|wll|xlam?|ppam?|dotm?|vsto|vsl|accda|mda)\b') { [void] $paths.Add($value) }
    }
    $keys.Add(@{ path = $Path; values = $values })
    if ($Depth -le 0) { return }
    foreach ($child in $Key.GetSubKeyNames()) {
        try {
            $sub = $Key.OpenSubKey($child)
            if ($null -ne $sub) { Add-Key $sub ($Path + '\' + $child) ($Depth - 1); $sub.Close() }
        }
        catch { $notReadable.Add($Path + '\' + $child) }
    }
}

function Add-Tree([string] $Hive, [string] $View, [string] $SubKey, [string] $Path, [int] $Depth) {
    try {
        $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]$Hive, [Microsoft.Win32.RegistryView]$View)
        $key = $base.OpenSubKey($SubKey)
        if ($null -ne $key) { Add-Key $key $Path $Depth; $key.Close() }
        $base.Close()
    }
    catch { $notReadable.Add($Path) }
}

$apps = @('Excel', 'Word', 'PowerPoint', 'Outlook', 'Access', 'MS Project', 'Publisher', 'OneNote')
$virtual = 'SOFTWARE\Microsoft\Office\ClickToRun\REGISTRY\MACHINE\Software\'
foreach ($app in $apps) {
    $addins = 'Microsoft\Office\' + $app + '\Addins'
    Add-Tree 'CurrentUser' 'Default' ('Software\' + $addins) ('hkcu\software\' + $addins) 1
    Add-Tree 'LocalMachine' 'Registry64' ('SOFTWARE\' + $addins) ('hklm\software\' + $addins) 1
    Add-Tree 'LocalMachine' 'Registry64' ('SOFTWARE\WOW6432Node\' + $addins) ('hklm\software\wow6432node\' + $addins) 1
    Add-Tree 'LocalMachine' 'Registry64' ($virtual + $addins) ('hklm\' + $virtual + $addins) 1
    Add-Tree 'LocalMachine' 'Registry64' ($virtual + 'WOW6432Node\' + $addins) ('hklm\' + $virtual + 'WOW6432Node\' + $addins) 1
    $office = 'Microsoft\Office\16.0\' + $app
    foreach ($part in @('\Options', '\Add-in Manager', '\AddIns', '\Menu Add-Ins', '\Resiliency')) {
        Add-Tree 'CurrentUser' 'Default' ('Software\' + $office + $part) ('hkcu\software\' + $office + $part) 2
    }
    $policy = 'Software\Policies\Microsoft\Office\16.0\' + $app + '\Resiliency'
    Add-Tree 'CurrentUser' 'Default' $policy ('hkcu\' + $policy) 2
}
foreach ($root in @('SOFTWARE\', 'SOFTWARE\WOW6432Node\')) {
    Add-Tree 'LocalMachine' 'Registry64' ($root + 'Microsoft\Visio\Addins') ('hklm\' + $root + 'Microsoft\Visio\Addins') 1
}
Add-Tree 'CurrentUser' 'Default' 'Software\Microsoft\Office\Outlook\FormRegions' 'hkcu\software\microsoft\office\outlook\formregions' 1
Add-Tree 'LocalMachine' 'Registry64' 'SOFTWARE\Microsoft\Office\Outlook\FormRegions' 'hklm\software\microsoft\office\outlook\formregions' 1
Add-Tree 'LocalMachine' 'Registry64' 'SOFTWARE\Microsoft\Office\16.0\Access\Menu Add-Ins' 'hklm\software\microsoft\office\16.0\access\menu add-ins' 1
Add-Tree 'CurrentUser' 'Default' 'Software\Microsoft\Office\16.0\WEF\Developer' 'hkcu\software\microsoft\office\16.0\wef\developer' 1
Add-Tree 'LocalMachine' 'Registry64' 'SOFTWARE\Microsoft\Office\ClickToRun\Configuration' 'hklm\software\microsoft\office\clicktorun\configuration' 0

# Programs outside of Office that can use it: those whose MAPI calls Windows routes, and installed programs with four values each.
$programs = New-Object System.Collections.Generic.HashSet[string]([System.StringComparer]::OrdinalIgnoreCase)
function Add-Program([string] $Hive, [string] $SubKey, [string] $Path) {
    try {
        $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]$Hive, [Microsoft.Win32.RegistryView]::Registry64)
        $key = $base.OpenSubKey($SubKey)
        if ($null -eq $key) { return }
        foreach ($child in $key.GetSubKeyNames()) {
            $entry = $key.OpenSubKey($child)
            if ($null -eq $entry) { continue }
            $values = @{}
            foreach ($name in @('DisplayName', 'Publisher', 'DisplayVersion', 'DisplayIcon')) {
                $value = $entry.GetValue($name, $null)
                if ($value -is [string]) { $values[$name] = $value }
            }
            $entry.Close()
            if (-not $values.ContainsKey('DisplayName')) { continue }
            $keys.Add(@{ path = $Path + '\' + $child; values = $values })
            if ($values.ContainsKey('DisplayIcon')) { [void] $programs.Add(($values['DisplayIcon'] -replace ',\s*-?\d+\s*$', '').Trim('"', ' ')) }
        }
        $key.Close()
    }
    catch { $notReadable.Add($Path) }
}
if (-not $NoPrograms) {
    $installed = 'Microsoft\Windows\CurrentVersion\Uninstall'
    Add-Program 'LocalMachine' ('SOFTWARE\' + $installed) ('hklm\software\' + $installed)
    Add-Program 'LocalMachine' ('SOFTWARE\WOW6432Node\' + $installed) ('hklm\software\wow6432node\' + $installed)
    Add-Program 'CurrentUser' ('Software\' + $installed) ('hkcu\software\' + $installed)
    foreach ($root in @('SOFTWARE\', 'SOFTWARE\WOW6432Node\')) {
        $mapi = $root + 'Microsoft\Windows Messaging Subsystem\MSMapiApps'
        Add-Tree 'LocalMachine' 'Registry64' $mapi ('hklm\' + $mapi) 0
    }
    foreach ($entry in @($keys | Where-Object { $_.path -like '*\MSMapiApps' })) {
        foreach ($name in @($entry.values.Keys)) {
            foreach ($root in @('SOFTWARE\', 'SOFTWARE\WOW6432Node\')) {
                $place = $root + 'Microsoft\Windows\CurrentVersion\App Paths\' + $name
                Add-Tree 'LocalMachine' 'Registry64' $place ('hklm\' + $place) 0
            }
        }
    }
    foreach ($entry in @($keys | Where-Object { $_.path -like '*\App Paths\*' })) {
        if ($entry.values.ContainsKey('')) { [void] $programs.Add(([string] $entry.values['']).Trim('"', ' ')) }
    }
    foreach ($program in $programs) {
        if ($program -like '*.exe' -and (Test-Path -LiteralPath $program -PathType Leaf)) { [void] $paths.Add($program) }
    }
}

# The classes behind the registered names, in both views and for the user.
$names = @($keys | ForEach-Object { $_.path.Split('\')[-1] } | Sort-Object -Unique)
foreach ($name in $names) {
    foreach ($place in @(@('LocalMachine', 'SOFTWARE\Classes\', 'hklm\software\classes\'), @('CurrentUser', 'Software\Classes\', 'hkcu\software\classes\'))) {
        Add-Tree $place[0] 'Registry64' ($place[1] + $name + '\CLSID') ($place[2] + $name + '\clsid') 0
    }
}
foreach ($entry in @($keys | Where-Object { $_.path -like '*\clsid' })) {
    if ($entry.values.ContainsKey('')) { [void] $classes.Add([string] $entry.values['']) }
}
foreach ($class in $classes) {
    foreach ($node in @('', 'WOW6432Node\')) {
        Add-Tree 'LocalMachine' 'Registry64' ('SOFTWARE\Classes\' + $node + 'CLSID\' + $class) ('hklm\software\classes\' + $node + 'clsid\' + $class) 2
        Add-Tree 'CurrentUser' 'Registry64' ('Software\Classes\' + $node + 'CLSID\' + $class) ('hkcu\software\classes\' + $node + 'clsid\' + $class) 2
    }
}

# Files that Office loads from its folders, and the headers of every file that a key names.
$folders = @((Join-Path $env:APPDATA 'Microsoft\Excel\XLSTART'), (Join-Path $env:APPDATA 'Microsoft\Word\STARTUP'))
foreach ($folder in $folders) {
    if (Test-Path -LiteralPath $folder) {
        Get-ChildItem -LiteralPath $folder -File | ForEach-Object { [void] $paths.Add($_.FullName) }
    }
}
# Files of ribbons, toolbars and menus, which carry names of macros.
foreach ($pattern in @((Join-Path $env:LOCALAPPDATA 'Microsoft\Office\*.officeUI'), (Join-Path $env:APPDATA 'Microsoft\Excel\*.xlb'), (Join-Path $env:APPDATA 'Microsoft\Office\*.pip'))) {
    Get-ChildItem -Path $pattern -File -ErrorAction SilentlyContinue | ForEach-Object { [void] $paths.Add($_.FullName) }
}
$files = New-Object System.Collections.Generic.List[object]
foreach ($path in $paths) {
    $plain = [Environment]::ExpandEnvironmentVariables(($path -replace '^\s*(/[A-Za-z]\s+)*', '').Trim('"', ' '))
    $plain = ($plain -replace '^file:/*', '').Split('|')[0]
    if (-not (Test-Path -LiteralPath $plain -PathType Leaf)) { $notReadable.Add($plain); continue }
    $bitness = 'unknown'
    try {
        $stream = [System.IO.File]::Open($plain, 'Open', 'Read', 'ReadWrite')
        $reader = New-Object System.IO.BinaryReader($stream)
        if ($stream.Length -gt 64 -and $reader.ReadUInt16() -eq 0x5A4D) {
            $stream.Position = 0x3C
            $stream.Position = $reader.ReadUInt32()
            if ($reader.ReadUInt32() -eq 0x4550) {
                $machine = $reader.ReadUInt16()
                $bitness = @{ 0x14C = '32-only'; 0x8664 = '64-only'; 0xAA64 = 'arm64' }[[int] $machine]
                if ($null -eq $bitness) { $bitness = 'unknown' }
            }
        }
        $reader.Close()
        try {
            $assembly = [System.Reflection.AssemblyName]::GetAssemblyName($plain)
            if ($assembly.ProcessorArchitecture -eq 'MSIL') { $bitness = 'any' }
        }
        catch { Write-Verbose ($plain + ' is no assembly') }
        $info = (Get-Item -LiteralPath $plain).VersionInfo
        $files.Add(@{ path = $plain; bitness = $bitness; company = [string] $info.CompanyName; version = [string] $info.FileVersion })
    }
    catch { $notReadable.Add($plain) }
}

# Manifests of web add-ins: those of the cache of this user, and those that a developer registered by their path.
$manifests = New-Object System.Collections.Generic.List[object]
$candidates = New-Object System.Collections.Generic.HashSet[string]([System.StringComparer]::OrdinalIgnoreCase)
$cache = Join-Path $env:LOCALAPPDATA 'Microsoft\Office\16.0\Wef'
if (Test-Path -LiteralPath $cache) {
    Get-ChildItem -LiteralPath $cache -Recurse -File -ErrorAction SilentlyContinue |
        Where-Object { $_.FullName -like '*\Manifests\*' } | ForEach-Object { [void] $candidates.Add($_.FullName) }
}
foreach ($entry in @($keys | Where-Object { $_.path -like '*\wef\developer*' })) {
    foreach ($value in $entry.values.Values) { if ($value -is [string] -and $value -match '\.(xml|json)$') { [void] $candidates.Add($value) } }
}
foreach ($candidate in $candidates) {
    try {
        if ((Get-Item -LiteralPath $candidate).Length -le 1MB) {
            $manifests.Add(@{ path = $candidate; text = [System.IO.File]::ReadAllText($candidate) })
        }
    }
    catch { $notReadable.Add($candidate) }
}

# What Outlook wrote of the start of its add-ins (45) and of those that it disabled (59) in the last 90 days.
$events = New-Object System.Collections.Generic.List[object]
try {
    $filter = @{ LogName = 'Application'; ProviderName = 'Outlook'; Id = @(45, 59); StartTime = (Get-Date).AddDays(-90) }
    foreach ($entry in @(Get-WinEvent -FilterHashtable $filter -MaxEvents 200 -ErrorAction Stop)) {
        $text = $entry.Message
        if ([string]::IsNullOrEmpty($text)) { $text = @($entry.Properties | ForEach-Object { [string] $_.Value }) -join "`n" }
        $events.Add(@{ id = $entry.Id; text = $text })
    }
}
catch [System.Exception] {
    if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') { $notReadable.Add('event log of Outlook') }
}

$device = $env:COMPUTERNAME
$user = $env:USERNAME
if ($Conceal) { $device = Get-Digest $device; $user = Get-Digest $user }
$result = @{
    schema = 'uptake.addins/1'; device = $device; user = $user; department = $Department
    collected = (Get-Date).ToUniversalTime().ToString('s') + 'Z'
    keys = $keys; files = $files; events = $events; manifests = $manifests; not_readable = $notReadable
}
$json = ConvertTo-Json -InputObject $result -Depth 6 -Compress
# Folders of profiles carry the names of their users.
if ($Conceal) { $json = $json -replace '(:\\\\Users\\\\|:/Users/)[^\\/"]+', '$1concealed' }
[System.IO.File]::WriteAllText($OutFile, $json, (New-Object System.Text.UTF8Encoding($false)))
