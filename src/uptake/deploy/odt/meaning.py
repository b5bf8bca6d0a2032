"""What a configuration means, as values by subject: the same for two files that do the same, whatever they look like.

Order counts for products and languages and for nothing else; booleans, channels and cultures compare without case; what is
missing equals the default, except channel, bitness and version, whose defaults depend on the device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from uptake import catalogue
from uptake.deploy.odt import tables
from uptake.deploy.odt.checks.document import ATTRIBUTES, ELEMENTS, PROPERTIES
from uptake.deploy.odt.reading import Attribute, Configuration, Element, Text
from uptake.deploy.odt.secrets import redact
from uptake.deploy.odt.view import Listed, View

Meaning = Mapping[str, str]
"""Subject such as `channel` or `product.visioproretail.languages` → normal value."""
FLAGS = {"true": "TRUE", "false": "FALSE", "1": "1", "0": "0"}


def meaning(configuration: Configuration) -> Meaning:
    """All that the file says, secrets masked."""
    view = View(redact(configuration))
    return {subject: value for part in PARTS for subject, value in part(view) if value != ""}


def _flag(element: Element | None, name: str, default: str) -> str:
    """A boolean as it counts; empty where it is what it would be anyway."""
    value = element.get(name).strip().upper() if element else ""
    return "" if value in ("", default) else value


def _channel(value: str) -> str:
    known = tables.channel_of(value)
    return known.value if known else value


def _add(view: View) -> Iterator[tuple[str, str]]:
    add = view.add
    if add is None:
        return
    yield "install", "TRUE"
    yield "channel", _channel(view.channel())
    yield "edition", view.edition
    yield "version", "MatchInstalled" if view.version.lower() == "matchinstalled" else view.version
    yield "source", view.source
    yield "download", add.get("DownloadPath").strip()
    yield "fallback", _flag(add, "AllowCdnFallback", "FALSE")
    yield "migrate", _flag(add, "MigrateArch", "FALSE")
    yield "managed", _flag(add, "OfficeMgmtCOM", "FALSE")


def _products(view: View) -> Iterator[tuple[str, str]]:
    yield "products", " ".join(_name(product) for product in view.products)
    for product in view.products:
        key = f"product.{product.id.lower()}"
        yield f"{key}.languages", ", ".join(map(_language, product.languages))
        yield f"{key}.excluded", " ".join(sorted(_app(each) for each in product.excluded))
        yield f"{key}.key", product.key
        yield f"{key}.condition", product.element.get("MSICondition").strip()


def _name(product: Listed) -> str:
    return product.known.id if product.known else product.id


def _app(key: str) -> str:
    return tables.apps()[key].id if key in tables.apps() else key


def _language(element: Element) -> str:
    text = _culture(element.get("ID"))
    extras = [
        f"{name} {_culture(element.get(name))}" for name in ("Fallback", "TargetProduct") if element.get(name).strip()
    ]
    return f"{text} ({'; '.join(extras)})" if extras else text


MATCH_NAMES = {"matchos": "MatchOS", "matchpreviousmsi": "MatchPreviousMSI", "matchinstalled": "MatchInstalled"}


def _culture(text: str) -> str:
    key = text.strip().lower()
    known = tables.products().get(key)
    return MATCH_NAMES.get(key) or (known.id if known else key)


def _removes(view: View) -> Iterator[tuple[str, str]]:
    for remove in view.removes[:1]:
        yield "remove", "TRUE"
        yield "remove.all", _flag(remove, "All", "FALSE")
    listed = (_name(each) + (f" ({', '.join(each.cultures)})" if each.cultures else "") for each in view.removed)
    yield "remove.products", "; ".join(sorted(listed))
    if view.remove_msi is not None:
        yield "remove_msi", "TRUE"
        kept = (each.get("ID").strip().lower() for each in view.remove_msi.all("IgnoreProduct"))
        names = {row["id"].lower(): row["id"] for row in catalogue.read_table("odt_msi_ids")}
        yield "remove_msi.kept", " ".join(sorted(names.get(each, each) for each in kept))


def _updates(view: View) -> Iterator[tuple[str, str]]:
    updates = view.updates
    if updates is None:
        return
    yield "updates", _flag(updates, "Enabled", "TRUE")
    yield "updates.channel", _channel(view.channel("Updates"))
    yield "updates.path", updates.get("UpdatePath").strip()
    yield "updates.version", updates.get("TargetVersion").strip()
    yield "updates.deadline", updates.get("Deadline").strip()


def _behaviour(view: View) -> Iterator[tuple[str, str]]:
    if view.display is not None:
        level = view.display.get("Level").strip()
        yield "display.level", "" if level.lower() in ("", "full") else "None" if level.lower() == "none" else level
        yield "display.accept", _flag(view.display, "AcceptEULA", "FALSE")
    for element in view.properties:
        name = element.get("Name").strip()
        row = PROPERTIES.get(name.lower())
        value = element.get("Value").strip()
        plain = FLAGS.get(value.lower(), value) if row and row["kind"] in ("boolean", "switch") else value
        is_default = bool(row) and plain == (row or {}).get("default", "")
        yield f"property.{row['name'] if row else name}", "" if is_default else plain


def _settings(view: View) -> Iterator[tuple[str, str]]:
    for settings in view.root.all("AppSettings"):
        for setup in settings.all("Setup"):
            yield f"setup.{setup.get('Name').strip()}", setup.get("Value").strip()
    for user in view.users:
        place = f"{user.get('Key').strip()}\\{user.get('Name').strip()}".lower()
        yield f"preference.{place}", f"{user.get('Value').strip()} ({user.get('Type').strip()})"


def _identity(view: View) -> Iterator[tuple[str, str]]:
    yield "id", view.root.get("ID").strip().lower()
    yield "host", view.root.get("Host").strip()
    for info in view.root.all("Info"):
        yield "description", info.get("Description").strip()


def _others(view: View) -> Iterator[tuple[str, str]]:
    """What the format does not have is kept, so that two files that differ in it are not called equal."""
    counts: dict[str, int] = {}
    for element in view.root.walk():
        strange = [each for each in element.attributes if (element.name.lower(), each.name.lower()) not in ATTRIBUTES]
        texts = [child.text for child in element.children if isinstance(child, Text)]
        is_old = element.name.lower() == "logging" or element.has("Branch")
        if element.name.lower() in ELEMENTS and not strange and not texts and not is_old:
            continue
        counts[element.name] = counts.get(element.name, 0) + 1
        yield (
            f"other.{element.name}.{counts[element.name]}",
            " ".join([*map(_written, element.attributes), *texts]) or "-",
        )


def _written(attribute: Attribute) -> str:
    return f"{attribute.name}={attribute.value}"


PARTS = (_add, _products, _removes, _updates, _behaviour, _settings, _identity, _others)
