"""A package as delivery sees it, and a file that is made for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from uptake.core.errors import UptakeError
from uptake.deploy.odt import tables
from uptake.deploy.odt.reading import Configuration, Unreadable, read
from uptake.deploy.odt.view import View
from uptake.deploy.odt.writing import canonical

CONFIGURATION_KEY = r"SOFTWARE\Microsoft\Office\ClickToRun\Configuration"
SITE_CODE = re.compile(r"[A-Za-z0-9]{3}")


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file: where it goes, what it holds, what it is for."""

    path: str
    content: bytes
    purpose: str


@dataclass(frozen=True, slots=True)
class Ring:
    """A group that receives the package on a day."""

    name: str
    devices: tuple[str, ...] = ()
    start: date | None = None
    deadline: date | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the files are made from."""

    name: str
    configuration: bytes
    content_path: str = ""
    """Share from which Configuration Manager takes the content."""
    site_code: str = ""
    least_version: str = ""
    """Build that counts as installed, such as 16.0.20131.20206; empty: the version of the configuration, or any."""
    publisher: str = "Microsoft"
    rings: tuple[Ring, ...] = ()
    distribution_group: str = ""

    def view(self) -> View:
        """Raises `UptakeError` for a configuration that cannot be read."""
        found = read(self.configuration)
        if isinstance(found, Unreadable):
            raise UptakeError(
                f"the configuration cannot be read as XML: {found.reason}", hint="`uptake odt lint` names the line."
            )
        return View(found)

    def stored(self) -> bytes:
        """The configuration as it may be stored: secrets masked."""
        return canonical(self.view().configuration)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be so on a device for the package to count as installed."""

    version: str
    channel_id: str
    products: tuple[str, ...]
    platform: str


def wanted(delivery: Delivery) -> Wanted:
    """Version, channel, products and bitness for detection. Raises `UptakeError` for a version that is none."""
    view = delivery.view()
    channel = tables.channel_of(view.channel())
    version = delivery.least_version or (view.version if tables.build_number(view.version) else "")
    if version and tables.build_number(version) is None:
        raise UptakeError(f"{version!r} is no version", hint="It reads 16.0.x.y.")
    platform = {"64": "x64", "32": "x86"}.get(view.edition, "")
    skipped = ("languagepack", "proofingtools")
    products = tuple(product.id for product in view.products if product.id.lower() not in skipped)
    return Wanted(version, channel.id if channel else "", products, platform)


def uninstall_configuration(configuration: Configuration) -> bytes:
    """The file that takes away what the configuration installs, without asking anybody."""
    view = View(configuration)
    products = "".join(f'<Product ID="{product.known.id}"/>' for product in view.products if product.known)
    quiet = '<Property Name="FORCEAPPSHUTDOWN" Value="TRUE"/><Display Level="None" AcceptEULA="TRUE"/>'
    text = f"<Configuration><Remove>{products}</Remove>{quiet}</Configuration>"
    made = read(text.encode())
    if isinstance(made, Unreadable) or not products:
        raise UptakeError("the configuration installs no known product, so there is nothing to take away")
    return canonical(made)
