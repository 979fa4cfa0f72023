"""The stubs say what the functions are."""

import ast
import inspect
from pathlib import Path

import pytest

import stridekern
from stridekern import _files, _filter, ndimage, strides

PACKAGE = Path(stridekern.__file__).parent


MODULES = [ndimage, strides, _files, _filter]
try:
    import stridekern.dask

    MODULES.append(stridekern.dask)
except ImportError:
    pass


@pytest.mark.parametrize("module", MODULES)
def test_stubs_have_the_names_and_defaults_of_the_functions(module):
    stub = ast.parse((PACKAGE / f"{module.__name__.rpartition('.')[2]}.pyi").read_text())
    functions = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    names = [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
        # Not another name for one of them.
        and value.__name__ == name
    ]
    assert set(names) == set(functions)
    for name, node in functions.items():
        parameters = inspect.signature(getattr(module, name)).parameters
        said = [*node.args.args, *node.args.kwonlyargs]
        # What goes on to others is named there.
        real = [p for p in parameters.values() if p.kind != p.VAR_KEYWORD]
        assert [p.name for p in real] == [a.arg for a in said][: len(real)], name
        defaults = dict(zip([a.arg for a in node.args.args][::-1], node.args.defaults[::-1]))
        defaults |= dict(zip([a.arg for a in node.args.kwonlyargs], node.args.kw_defaults))
        for parameter in real:
            if parameter.default is not parameter.empty:
                assert ast.literal_eval(defaults[parameter.name]) == parameter.default, (name, parameter)


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").exists() and (PACKAGE / "_native.pyi").exists()
