"""lazy: `functools.cached_property` without its lock, which up to Python 3.11 costs as much as most of what it guards.

Objects that use it belong to one thread. The value lies in the instance's `__dict__` under the name, as the library's does, so
that `vars(x).pop("name")` forgets it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 — reads like `property`
    """A property that is worked out when somebody asks, once."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> lazy[T]: ...

    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...

    def __get__(self, instance: Any, owner: type[Any]) -> T | lazy[T]:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._function(instance)
        return value
