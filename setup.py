"""What pyproject.toml cannot say: the optional twins in C of the inner loops, built where there is a compiler."""

from setuptools import Extension, setup

TWIN = Extension(
    "uptake.assess.extraction._twins",
    ["src/uptake/assess/extraction/_twins.c"],
    py_limited_api=True,
    optional=True,
)

setup(ext_modules=[TWIN], options={"bdist_wheel": {"py_limited_api": "cp311"}})
