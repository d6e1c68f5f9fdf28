"""Python runs this at the start of each process on the local Athena, which PYTHONPATH names.

It makes botocore read its descriptions of AWS's services once per process. dbt-athena makes a new
session for each call, which reads them again: two thirds of the time of a small build. The calls
stay the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore import loaders

_list_available_services = loaders.Loader.list_available_services


@cache
def _services(search_paths: tuple[str, ...], type_name: str) -> list[str]:
    loader = loaders.Loader()
    loader.search_paths[:] = search_paths
    return _list_available_services(loader, type_name)


def _listed(loader: loaders.Loader, type_name: str) -> list[str]:
    return _services(tuple(loader.search_paths), type_name)


def _once(load_file: Any) -> Any:
    # It belongs to no loader in particular: of an instance it uses nothing.
    @cache
    def loaded(file_path: str) -> Any:
        return load_file(loaders.JSONFileLoader(), file_path)

    return lambda _, file_path: loaded(file_path)


loaders.JSONFileLoader.load_file = _once(loaders.JSONFileLoader.load_file)
loaders.Loader.list_available_services = _listed
