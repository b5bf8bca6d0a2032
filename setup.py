"""What pyproject.toml cannot say: the optional twin in C of the decompression, built where there is a compiler."""

from setuptools import Extension, setup

TWIN = Extension(
    "uptake.assess.extraction._decompression",
    ["src/uptake/assess/extraction/_decompression.c"],
    py_limited_api=True,
    optional=True,
)

setup(ext_modules=[TWIN], options={"bdist_wheel": {"py_limited_api": "cp311"}})
