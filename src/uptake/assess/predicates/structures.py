"""User-defined types that stand for Windows structures: members too narrow (B06) and sizes taken with Len (B07)."""

from __future__ import annotations

from collections.abc import Iterator

from uptake.assess.extraction.code import CodeModule, CodeProject
from uptake.assess.extraction.declares import Parameter, TypeBlock
from uptake.assess.extraction.source import SourceText
from uptake.assess.predicates.callers import call_arguments
from uptake.assess.predicates.signatures import WIN32, Structure
from uptake.assess.predicates.widths import WIDE, width
from uptake.core.severity import Target
from uptake.rules.model import Hit

# Members that hold the size of their own structure, as the SDK names them.
PLAIN_SIZES = frozenset(("cbsize", "lstructsize", "dwsize", "nlength", "cbsizeofstruct"))
SIZE_MEMBERS = frozenset(
    ("cbsize", "lstructsize", "dwsize", "cb", "nlength", "cbsizeofstruct", "size", "length", "nsize")
)


def check(module: CodeModule) -> Iterator[Hit]:
    if not module.project.declares and module.source.word_set.isdisjoint(PLAIN_SIZES):
        return  # no Windows function takes a structure from here
    if "end type" in module.source.lowered:
        for block in module.types:
            if module.is_compiled(block.line, Target.M365_64):
                yield from _narrow_members(module, block)
    if "len" in module.source.word_set and _padded_types(module.project):
        yield from _size_by_len(module)


def _padded_types(project: CodeProject) -> frozenset[str]:
    """Lower-case names of the project's Types for which Len and LenB differ on x64."""
    found = project.remembered.get("padded types")
    if found is None:
        found = frozenset(name for name, (owner, block) in project.types.items() if _differs(owner, block))
        project.remembered["padded types"] = found
    return found


def structure_of(module: CodeModule, block: TypeBlock) -> Structure | None:
    """The SDK structure that a Type is passed as, or is named like; only where their members agree in number or by name."""
    for name in (*_passed_as(module, block.name.lower()), block.name):
        found = WIN32.structure(name) or WIN32.structure_like(name)
        if found and _agrees(block, found):
            return found
    return None


def _passed_as(module: CodeModule, name: str) -> Iterator[str]:
    for places in module.project.declares.values():
        for place, declare in places:
            if not any(p.type.rsplit(".", 1)[-1] == name for p in declare.parameters):
                continue
            if not place.is_compiled(declare.line, Target.M365_64):
                continue
            for signature in WIN32.find(declare.library, declare.entry)[:2]:
                for parameter, code in zip(declare.parameters, signature.parameters, strict=False):
                    if parameter.type.rsplit(".", 1)[-1] == name and code.startswith("{"):
                        yield code[1:-1]


def _agrees(block: TypeBlock, structure: Structure) -> bool:
    known = {name.lower() for name, _, _ in structure.members}
    shared = sum(member.name.lower() in known for member in block.members)
    return len(block.members) == len(structure.members) or shared * 2 >= len(known)


def _pairs(block: TypeBlock, structure: Structure) -> Iterator[tuple[Parameter, tuple[str, int, int]]]:
    """Members of the Type with those of the structure: by name, or by place where the counts agree."""
    by_name = {name.lower(): (name, x86, x64) for name, x86, x64 in structure.members}
    in_order = len(block.members) == len(structure.members)
    for place, member in enumerate(block.members):
        if in_order:
            yield member, structure.members[place]
        elif member.name.lower() in by_name:
            yield member, by_name[member.name.lower()]


def narrow_members(module: CodeModule, block: TypeBlock) -> tuple[Structure, list[Parameter]] | None:
    """The structure and the members of a Type that are 4 bytes where x64 has 8; None where nothing is known or wrong."""
    structure = structure_of(module, block)
    if structure is None:
        return None
    narrow = [
        member
        for member, (_, x86, x64) in _pairs(block, structure)
        if (x86, x64) == (4, 8) and not member.is_array and width(member.type, module.project) == 4
    ]
    return (structure, narrow) if narrow else None


def _narrow_members(module: CodeModule, block: TypeBlock) -> Iterator[Hit]:
    found = narrow_members(module, block)
    if not found:
        return
    structure, members = found
    source = module.source
    arguments = {
        "type": block.name,
        "structure": structure.name,
        "members": ", ".join(member.name for member in members),
        "size_x86": structure.size_x86,
        "size_x64": structure.size_x64,
    }
    text = "\n".join(source.physical_lines[block.line - 1 : block.end_line])
    first = source.physical_line(block.line).strip()
    yield Hit("B06", block.line, first, arguments, proposal=_widened(source, block, members, text))


def _widened(source: SourceText, block: TypeBlock, members: list[Parameter], original: str) -> str:
    """The Type block with its narrow members as LongPtr."""
    edits = {m.type_index: ("LongPtr" if source.tokens[m.type_index] not in "&%" else " As LongPtr") for m in members}
    ends = {i: "" for m in members for i in range(m.type_index + 1, m.type_end)}
    first, last = source.tokens_of_lines(block.line, block.end_line)
    pieces = [edits.get(i, ends.get(i, source.tokens[i])) for i in range(first, last)]
    return "".join(pieces).strip() or original


def _size_by_len(module: CodeModule) -> Iterator[Hit]:
    """`x.cbSize = Len(x)`, `cb = Len(T)` and Len(x) passed on, where Len and LenB differ on x64."""
    source, padded = module.source, _padded_types(module.project)
    for index in source.positions(frozenset(("len",))):
        arguments = call_arguments(source, index)
        if len(arguments) != 1 or len(arguments[0]) != 1 or not _is_size(source, index):
            continue
        variable = arguments[0][0][1]
        line = source.line(index)
        kind = module.type_of(variable, line).rsplit(".", 1)[-1]
        if kind not in padded or not module.is_compiled(line, Target.M365_64):
            continue
        before, after = source.offset(index), source.offset(index) + 3
        proposed = _line_with(source, line, before, after, "LenB")
        arguments_shown = {"variable": variable, "type": module.project.types[kind][1].name}
        yield Hit("B07", line, source.statement_text(index), arguments_shown, proposal=proposed)


def _is_size(source: SourceText, index: int) -> bool:
    """Whether the value of Len goes into a size member or straight into a call; not `If Len(x) = 0`."""
    equals = source.previous_code(index)
    if equals < 0:
        return False
    if source.tokens[equals] in (",", "("):
        return True
    target = source.previous_code(equals)
    return source.tokens[equals] == "=" and target >= 0 and source.tokens[target].lower() in SIZE_MEMBERS


def _differs(module: CodeModule, block: TypeBlock) -> bool:
    """Whether Len and LenB of a Type differ on x64: it holds pointers, or the structure that it stands for does."""
    structure = structure_of(module, block)
    holds_pointers = any(
        member.type in WIDE or (member.type == "string" and not member.size) for member in block.members
    )
    return holds_pointers or bool(structure and structure.narrow_members)


def _line_with(source: SourceText, line: int, start: int, end: int, replacement: str) -> str:
    text = source.text[:start] + replacement + source.text[end:]
    return text.split("\n")[line - 1].strip()
