"""A package that import-linter does not list is silently unchecked."""

import tomllib

from launcher.checkout import ROOT


def test_every_package_of_ours_is_checked_by_import_linter() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert set(configuration["importlinter"]["root_packages"]) == packages


def test_every_package_of_ours_is_checked_by_mypy() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert set(configuration["mypy"]["files"]) - {"manage.py"} == packages
