r"""Registry and files of a device → its add-ins, where Office looks for them (readiness facts D1 to D5).

A key in the 64-bit view is a 64-bit server, one below Wow6432Node a 32-bit one; the headers of the file decide where known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from uptake.assess.addins.binaries import ANY, UNKNOWN, Binary
from uptake.assess.addins.events import Event, Experience, experience
from uptake.assess.addins.manifests import Manifest
from uptake.assess.addins.registry import Registry
from uptake.core.facts import Fact

APPS = {
    "excel": "excel", "word": "word", "powerpoint": "powerpoint", "outlook": "outlook", "access": "access", "ms project": "project",
    "publisher": "publisher", "onenote": "onenote", "visio": "visio", "frontpage": "sharepoint-designer",
}  # fmt: skip
MACHINE, USER = "hklm", "hkcu"
VIRTUAL = r"hklm\software\microsoft\office\clicktorun\registry\machine"
LEGACY = frozenset((".xla", ".ppa", ".dot", ".wll", ".mda", ".mde"))
EXTENSIONS = {
    ".xll": "xll", ".wll": "wll", ".xla": "vba", ".xlam": "vba", ".ppa": "vba", ".ppam": "vba", ".dot": "vba", ".dotm": "vba",
    ".accda": "access", ".mda": "access", ".accde": "access", ".mde": "access", ".vsl": "vsl",
}  # fmt: skip
OPEN = re.compile(r"open\d*")
BOTH, ONLY_32, ONLY_64 = "both", "32-only", "64-only"


@dataclass(frozen=True, slots=True)
class AddIn:
    """One add-in of one application on one device."""

    id: str
    """ProgID, or the name of the file."""
    kind: str
    """`com`, `vsto`, `automation`, `xll`, `wll`, `vba`, `access`, `vsl`, `web`, `form-region`, `custom-ui` or `program`."""
    app: str
    name: str = ""
    path: str = ""
    clsid: str = ""
    hives: tuple[str, ...] = ()
    load: Mapping[str, int] = field(default_factory=dict)
    """Hive → LoadBehavior."""
    bitness: str = UNKNOWN
    policy: str = ""
    """`blocked`, `forced` or `user`; empty without a policy."""
    is_disabled: bool = False
    is_hard_disabled: bool = False
    is_virtual: bool = False
    needs_vb6: bool = False
    is_managed: bool = False
    trouble: str = ""
    """`disabled` by Outlook, `crashing` or `slow`; empty where nothing of it is known."""
    start_ms: float | None = None
    """Median of the starts that Outlook logged, in milliseconds."""
    replacement: str = ""
    """Name of a web add-in on the device that calls itself its equivalent."""
    publisher: str = ""
    version: str = ""
    uses: str = ""
    """How a program outside of Office uses it: `mapi` or `automation`; empty for add-ins."""
    evidence: str = ""
    """What says so: a registry key, or the source of a row with its date."""

    @property
    def extension(self) -> str:
        return "." + self.path.rpartition(".")[2].lower() if "." in self.path else ""


def addins_of(registry: Registry, files: Mapping[str, Binary] | None = None) -> tuple[AddIn, ...]:
    """Every add-in once for each application; `files`: what is known of binaries, by lower-case path."""
    known = {folded(path): binary for path, binary in (files or {}).items()}
    found: dict[tuple[str, str], AddIn] = {}
    for addin in (
        *_registered(registry),
        *_excel(registry),
        *_powerpoint(registry),
        *_access(registry),
        *_form_regions(registry),
        *_in_folders(known),
    ):
        key = (addin.app, addin.id.casefold())
        found[key] = _joined(found[key], addin) if key in found else addin
    return tuple(_judged(addin, registry, known) for addin in found.values())


def folded(path: str) -> str:
    """A path for comparing."""
    return path.strip().strip('"').replace("/", "\\").casefold()


def _joined(one: AddIn, other: AddIn) -> AddIn:
    return replace(
        one,
        hives=tuple(dict.fromkeys((*one.hives, *other.hives))),
        load={**other.load, **one.load},
        name=one.name or other.name,
        path=one.path or other.path,
        is_virtual=one.is_virtual and other.is_virtual,
    )


def _registered(registry: Registry) -> Iterator[AddIn]:
    """COM and VSTO add-ins of all hives and views, and the virtual registry of Click-to-Run."""
    bases = [(USER, r"hkcu\software\microsoft", False)]
    for root, is_virtual in ((MACHINE, False), (VIRTUAL, True)):
        bases.append((MACHINE, rf"{root}\software\microsoft", is_virtual))
        bases.append((MACHINE + "32", rf"{root}\software\wow6432node\microsoft", is_virtual))
    for hive, base, is_virtual in bases:
        for key, app in APPS.items():
            places = [rf"{base}\visio\addins"] if key == "visio" else [rf"{base}\office\{key}\addins"]
            for place in places:
                for progid, path in registry.children(place):
                    yield _com(registry, progid, path, app, hive, is_virtual)


def _com(registry: Registry, progid: str, path: str, app: str, hive: str, is_virtual: bool) -> AddIn:
    manifest = registry.text(path, "manifest")
    load = registry.number(path, "loadbehavior")
    name = registry.text(path, "friendlyname") or registry.text(path, "description")
    return AddIn(
        id=progid, kind="vsto" if manifest else "com", app=app, name=name,
        path=manifest.partition("|")[0].removeprefix("file:///") if manifest else "", hives=(hive,),
        load={} if load is None else {hive: load}, is_virtual=is_virtual,
    )  # fmt: skip


def _excel(registry: Registry) -> Iterator[AddIn]:
    for version in ("16.0", "15.0", "14.0"):
        base = rf"hkcu\software\microsoft\office\{version}\excel"
        for name, data in registry.get(rf"{base}\options").items():
            if OPEN.fullmatch(name) and isinstance(data, str):
                yield _opened(data)
        for name in registry.get(rf"{base}\add-in manager"):
            yield _file("excel", name, loads=False)


def _opened(data: str) -> AddIn:
    """`/R "C:\\path\\x.xll"` is a file, `/A "ProgID"` an automation add-in."""
    automation = re.match(r'\s*/a\s+"?([^"]+)"?', data, re.IGNORECASE)
    if automation:
        return AddIn(automation[1], "automation", "excel", hives=(USER,), load={USER: 3})
    return _file("excel", re.sub(r"^\s*(?:/[a-z]\s+)*", "", data, flags=re.IGNORECASE))


def _file(app: str, path: str, name: str = "", loads: bool = True) -> AddIn:
    plain = path.strip().strip('"')
    file = plain.replace("/", "\\").rpartition("\\")[2]
    kind = EXTENSIONS.get("." + file.rpartition(".")[2].lower(), "vba")
    return AddIn(file or plain, kind, app, name=name, path=plain, hives=(USER,), load={USER: 3 if loads else 0})


def _powerpoint(registry: Registry) -> Iterator[AddIn]:
    for version in ("16.0", "15.0", "14.0"):
        for name, path in registry.children(rf"hkcu\software\microsoft\office\{version}\powerpoint\addins"):
            file = registry.text(path, "path")
            if file:
                yield _file("powerpoint", file, name, bool(registry.number(path, "autoload")))


def _access(registry: Registry) -> Iterator[AddIn]:
    for hive in (USER, MACHINE):
        for name, path in registry.children(rf"{hive}\software\microsoft\office\16.0\access\menu add-ins"):
            library = registry.text(path, "library")
            if library:
                yield replace(_file("access", library, name), kind="access")


def _form_regions(registry: Registry) -> Iterator[AddIn]:
    """Regions that an add-in or a file puts into Outlook's forms: message class → values named after the region."""
    for hive in (USER, MACHINE):
        for message_class, path in registry.children(rf"{hive}\software\microsoft\office\outlook\formregions"):
            for region, data in registry.get(path).items():
                source = data if isinstance(data, str) else ""
                title = f"{region or 'default'} ({message_class})"
                yield AddIn(title, "form-region", "outlook", path=source.removeprefix("="), hives=(hive,))


FOLDERS = {
    r"\microsoft\excel\xlstart": "excel",
    r"\microsoft\word\startup": "word",
    r"\office16\xlstart": "excel",
    r"\office16\startup": "word",
}


CUSTOM_UI = {".officeui": "", ".xlb": "excel", ".pip": ""}
"""Files of ribbons, toolbars and menus, and whose they are where the ending says so."""


def _in_folders(known: Mapping[str, Binary]) -> Iterator[AddIn]:
    """Files in the folders from which Office loads everything, and those of ribbons and toolbars."""
    for path in known:
        folder, _, file = path.rpartition("\\")
        ending = "." + file.rpartition(".")[2]
        if ending in CUSTOM_UI:
            owner = next((app for app in APPS.values() if file.startswith((app, "ms" + app))), "")
            owner = "outlook" if file.startswith("olk") else owner
            yield AddIn(file, "custom-ui", CUSTOM_UI[ending] or owner or "office", path=path, hives=(USER,))
            continue
        app = next((app for end, app in FOLDERS.items() if folder.endswith(end)), "")
        if app:
            yield _file(app, path)


def _judged(addin: AddIn, registry: Registry, known: Mapping[str, Binary]) -> AddIn:
    servers = _servers(registry, addin.id) if addin.kind in ("com", "automation", "vsto") else {}
    path = addin.path or next(iter(servers.values()), "")
    binary = known.get(folded(path))
    verdicts = {bits: known[folded(server)].bitness for bits, server in servers.items() if folded(server) in known}
    is_outside = not servers and addin.kind == "automation" and _is_outside(registry, addin.id)
    is_managed = any(server.casefold().endswith("mscoree.dll") for server in servers.values()) or bool(
        binary and binary.is_managed
    )
    load = addin.load.get(USER, addin.load.get(MACHINE, addin.load.get(MACHINE + "32", 3)))
    return replace(
        addin, path=path, clsid=_clsid(registry, addin.id),
        bitness=ANY if is_outside else _bitness(addin, servers, verdicts, binary, is_managed),
        policy=_policy(registry, addin), is_disabled=load in (0, 2),
        is_hard_disabled=_is_listed(registry, addin, path, "disableditems"),
        trouble="crashing" if _is_listed(registry, addin, path, "crashingaddinlist") else addin.trouble,
        is_managed=is_managed, needs_vb6=bool(binary and binary.needs_vb6),
        publisher=binary.company if binary else "", version=binary.version if binary else "",
    )  # fmt: skip


CLASSES_64 = (r"hklm\software\classes", r"hkcu\software\classes", VIRTUAL + r"\software\classes")
CLASSES_32 = (r"hklm\software\wow6432node\classes", r"hklm\software\classes\wow6432node", r"hkcu\software\classes\wow6432node",
              VIRTUAL + r"\software\classes\wow6432node", VIRTUAL + r"\software\wow6432node\classes")  # fmt: skip


def _clsid(registry: Registry, progid: str) -> str:
    for base in (*CLASSES_64, *CLASSES_32):
        clsid = registry.text(rf"{base}\{progid}\clsid")
        if clsid:
            return clsid
    return ""


def _servers(registry: Registry, progid: str) -> dict[str, str]:
    """Bits → file of the in-process server that is registered for them."""
    clsid = _clsid(registry, progid)
    found: dict[str, str] = {}
    for bits, bases in (("64", CLASSES_64), ("32", CLASSES_32)):
        for base in bases:
            key = rf"{base}\clsid\{clsid}\inprocserver32"
            server = registry.text(key, "codebase") or registry.text(key)
            if clsid and server and bits not in found:
                found[bits] = re.sub(r"^file:/*", "", server)
    return found


def _is_outside(registry: Registry, progid: str) -> bool:
    """Whether the server is a program of its own: such ones work across bitness."""
    clsid = _clsid(registry, progid)
    places = (rf"{base}\clsid\{clsid}\localserver32" for base in (*CLASSES_64, *CLASSES_32))
    return bool(clsid) and any(registry.text(place) for place in places)


def _bitness(
    addin: AddIn, servers: Mapping[str, str], verdicts: Mapping[str, str], binary: Binary | None, is_managed: bool
) -> str:
    if addin.kind in ("vba", "web", "form-region", "custom-ui"):
        return ANY
    if binary and binary.bitness != UNKNOWN and len(servers) < 2:
        return binary.bitness
    if ANY in verdicts.values():
        return ANY
    if len(servers) == 2:
        return BOTH if len(set(verdicts.values())) != 1 else next(iter(verdicts.values()))
    if len(servers) == 1:
        return UNKNOWN if is_managed else ONLY_64 if "64" in servers else ONLY_32
    return UNKNOWN


def _policy(registry: Registry, addin: AddIn) -> str:
    """Value of the list of managed add-ins: 0 blocked, 1 always on, 2 the user's; with RestrictToList all others are blocked."""
    if addin.kind in ("form-region", "custom-ui"):
        return ""
    base = rf"hkcu\software\policies\microsoft\office\16.0\{addin.app}\resiliency"
    listed = registry.get(rf"{base}\addinlist").get(addin.id.lower())
    if listed is not None:
        return {"0": "blocked", "1": "forced", "2": "user"}.get(str(listed), "")
    return "blocked" if registry.number(base, "restricttolist") == 1 else ""


def _is_listed(registry: Registry, addin: AddIn, path: str, key: str) -> bool:
    """Binary values of DisabledItems and CrashingAddinList hold the path or ProgID in UTF-16."""
    wanted = [text.casefold() for text in (path, addin.id) if text]
    for version in ("16.0", "15.0"):
        for data in registry.get(rf"hkcu\software\microsoft\office\{version}\{addin.app}\resiliency\{key}").values():
            text = data.decode("utf-16-le", "ignore").casefold() if isinstance(data, bytes) else ""
            if any(each in text for each in wanted):
                return True
    return False


def with_manifests(addins: Sequence[AddIn], manifests: Iterable[Manifest]) -> tuple[AddIn, ...]:
    """The add-ins, those for which a web add-in stands marked with its name, and the web add-ins themselves."""
    replaced: dict[str, str] = {}
    web: dict[tuple[str, str], AddIn] = {}
    for manifest in manifests:
        title = manifest.name or manifest.id or "web add-in"
        replaced |= dict.fromkeys(manifest.replaces, title)
        for app in manifest.apps or ("office",):
            web[app, (manifest.id or title).casefold()] = AddIn(
                manifest.id or title,
                "web",
                app,
                title,
                bitness=ANY,
                publisher=manifest.publisher,
                version=manifest.version,
            )
    marked = [
        replace(addin, replacement=name) if (name := _replacement(addin, replaced)) else addin for addin in addins
    ]
    return (*marked, *web.values())


def _replacement(addin: AddIn, replaced: Mapping[str, str]) -> str:
    file = addin.path.replace("/", "\\").rpartition("\\")[2]
    return replaced.get(addin.id.casefold()) or replaced.get(file.casefold(), "") if addin.kind != "web" else ""


def with_events(addins: Sequence[AddIn], events: Iterable[Event]) -> tuple[AddIn, ...]:
    """The add-ins of Outlook with what its log says of them."""
    known = experience(events, (addin.id for addin in addins if addin.app == "outlook"))
    return tuple(
        _experienced(addin, known[addin.id.casefold()])
        if addin.app == "outlook" and addin.id.casefold() in known
        else addin
        for addin in addins
    )


def _experienced(addin: AddIn, found: Experience) -> AddIn:
    trouble = "disabled" if found.times_disabled else addin.trouble or ("slow" if found.is_slow else "")
    return replace(addin, trouble=trouble, start_ms=found.start_ms)


def facts_of(addins: tuple[AddIn, ...]) -> Iterator[Fact]:
    """The add-ins as facts of the A rules."""
    for addin in addins:
        loads = set(addin.load.values())
        yield Fact("addin", addin.kind, addin.name or addin.id, 0, {
            "name": addin.name or addin.id, "id": addin.id, "app": addin.app, "bitness": addin.bitness, "policy": addin.policy,
            "disabled": _word(addin.is_disabled or addin.is_hard_disabled), "legacy": _word(addin.extension in LEGACY),
            "vb6": _word(addin.needs_vb6), "managed": _word(addin.is_managed), "virtual": _word(addin.is_virtual),
            "twice": _word(len(loads) > 1 and len(addin.hives) > 1), "publisher": addin.publisher,
            "extension": addin.extension, "trouble": addin.trouble or "no", "replacement": addin.replacement,
            "replaced": _word(bool(addin.replacement)), "start": "–" if addin.start_ms is None else f"{addin.start_ms:.0f}",
            "registered": "32" if addin.hives == (MACHINE + "32",) else "64", "path": addin.path,
            "uses": addin.uses, "evidence": addin.evidence,
        })  # fmt: skip


def _word(holds: bool) -> str:
    return "yes" if holds else "no"
