"""Documents that the project writes itself, for the demo, the tests and the benchmarks.

`ooxml(kind, Extras(...))`, `binary.xls(...)`, `text.mht(...)`, `broken.encrypted(...)` make one document as bytes,
`build_estate(folder)` a small company, `generate(folder, count)` very many files.
"""

from uptake.assess.samples.crowd import generate
from uptake.assess.samples.estate import build_estate
from uptake.assess.samples.ooxml import ooxml
from uptake.assess.samples.parts import Extras
from uptake.assess.samples.vba import SampleModule, SampleProject, SampleReference, project_bin, project_streams

__all__ = [
    "Extras",
    "SampleModule",
    "SampleProject",
    "SampleReference",
    "build_estate",
    "generate",
    "ooxml",
    "project_bin",
    "project_streams",
]
