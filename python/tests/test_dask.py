"""`stridekern.dask` beside `stridekern` on whole arrays, bit for bit, and in a cluster."""

import doctest
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

pytest.importorskip("dask.array")

import cloudpickle
import dask
import dask.array as da

import stridekern
import stridekern.dask
from stridekern import ndimage

MODES = ["reflect", "mirror", "nearest", "constant", "wrap"]
DTYPES = [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.bool_, np.float16, np.float32, np.float64, np.complex64]


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def random_array(random, shape, dtype):
    if np.dtype(dtype).kind == "c":
        return (random.uniform(-9, 9, shape) + 1j * random.uniform(-9, 9, shape)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return random.uniform(-9, 9, shape).astype(dtype)
    return random.integers(0, 250, shape).astype(dtype)


def random_chunks(random, size):
    """Chunks of one sample, of uneven sizes, and none at all."""
    kind = random.integers(4)
    if kind == 0:
        return (size,)
    if kind == 1 and size <= 12:
        return (1,) * size
    cuts = np.sort(random.integers(0, size + 1, random.integers(1, 4)))
    chunks = np.diff([0, *cuts, size])
    return tuple(int(length) for length in chunks if length or kind == 2)


def random_call(random, dimensions, dtype):
    """A function, its arguments and its options, for an array of so many dimensions."""
    axes = None
    if random.integers(4) == 0:
        axes = tuple(int(axis) for axis in random.permutation(dimensions)[: random.integers(1, dimensions + 1)])
    count = dimensions if axes is None else len(axes)
    modes = [str(random.choice(MODES)) for _ in range(count)]
    mode = modes if random.integers(2) else str(random.choice(MODES))
    options = {"mode": mode, "cval": float(random.choice([0, 3, 0.7, -5])), "axes": axes}
    # SciPy's running sums of floats depend on where they begin.
    if random.integers(4) == 0 and np.dtype(dtype).kind in "iu" and options["cval"].is_integer():
        options["integers"] = "scipy"
    if random.integers(5) == 0:
        options["output"] = random.choice([np.float32, np.float64])
    sizes = [int(size) for size in random.integers(1, 6 if dimensions < 3 else 4, count)]
    origins = [int(random.integers(-(size // 2), size - size // 2)) for size in sizes]
    # As SciPy has it, a convolution is shifted the other way.
    back = [-shift - (1 - size % 2) for shift, size in zip(origins, sizes)]
    sigmas = [float(sigma) for sigma in random.uniform(0.2, 1.5 if dimensions < 3 else 0.6, count)]
    axis = int((axes or range(dimensions))[0])
    names = {
        "correlate": ((random.uniform(-1, 1, sizes).round(2),), {"origin": origins}),
        "convolve": ((random.integers(-3, 4, sizes),), {"origin": back}),
        "gaussian_filter": ((sigmas,), {"order": [int(order) for order in random.integers(0, 3, count)]}),
        "gaussian_gradient_magnitude": ((sigmas,), {"truncate": 3.0}),
        "gaussian_laplace": ((sigmas,), {"radius": 2}),
        "laplace": ((), {}),
        "prewitt": ((axis,), {}),
        "sobel": ((axis,), {}),
        "uniform_filter": ((sizes,), {"origin": origins}),
    }
    name = str(random.choice(list(names)))
    arguments, own = names[name]
    return name, arguments, options | own


def assert_same_bits(result, wanted, message=""):
    assert result.dtype == wanted.dtype and result.shape == wanted.shape, message
    assert np.ascontiguousarray(result).tobytes() == np.ascontiguousarray(wanted).tobytes(), message


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dimensions", [1, 2, 3, 4])
def test_chunks_give_the_bits_of_the_whole(dimensions, dtype):
    random = np.random.default_rng([dimensions, DTYPES.index(dtype)])
    for _ in range([40, 40, 20, 6][dimensions - 1]):
        shape = [int(size) for size in random.integers(1, [40, 25, 9, 5][dimensions - 1], dimensions)]
        chunks = tuple(random_chunks(random, size) for size in shape)
        array = random_array(random, shape, dtype)
        name, arguments, options = random_call(random, dimensions, dtype)
        message = f"{name} {arguments} {options} {shape} {chunks}"
        try:
            wanted = getattr(ndimage, name)(array, *arguments, **options)
        except (TypeError, RuntimeError, ValueError) as error:
            # What the whole array refuses is refused before anything is computed.
            with pytest.raises(type(error)):
                getattr(stridekern.dask, name)(da.from_array(array, chunks), *arguments, **options)
            continue
        result = getattr(stridekern.dask, name)(da.from_array(array, chunks), *arguments, **options)
        assert result.chunks == chunks, message
        assert result.dtype == wanted.dtype, message
        assert_same_bits(result.compute(), wanted, message)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_narrow_chunks_have_the_sums_of_wide_ones(dtype):
    """Sums of two passes have another order below 128 columns, and along the shorter step in memory."""
    random = np.random.default_rng(11)
    for shape, chunks, axes in [
        ((60, 300), (25, 40), (0, 1)),
        ((30, 60), (1, 7), (1, 0)),
        ((40, 60, 3), (40, 60, 1), (0, 1)),
        ((40, 60, 3), (9, 20, 2), (1, 0)),
        ((20, 7, 60), (20, 1, 60), (2, 0)),
        # A last row alone, whose windows read no other.
        ((9, 40), (8, 40), (1, 0)),
    ]:
        array = random_array(random, shape, dtype)
        image = da.from_array(array, chunks)
        options = {"axes": axes, "output": np.float64 if dtype == np.float64 else np.float32}
        for name, argument, own in [
            ("gaussian_filter", 1, {}),
            ("gaussian_filter", (0.3, 1), {}),
            ("gaussian_laplace", 1, {}),
            ("gaussian_gradient_magnitude", 1, {}),
            ("uniform_filter", (5, 3), {}),
            ("uniform_filter", (5, 4), {}),
            ("uniform_filter", (3, 2), {"origin": (0, -1)}),
            ("correlate", random.uniform(-1, 1, (7, 7)), {}),
        ]:
            wanted = getattr(ndimage, name)(array, argument, **options, **own)
            result = getattr(stridekern.dask, name)(image, argument, **options, **own).compute()
            assert_same_bits(result, wanted, f"{name} {argument} {shape}")


def test_blocks_have_what_windows_read_and_no_more():
    chunks = (10, 10, 10)
    sides = stridekern.dask._Sides
    for one, pieces in [
        (sides(4, 0, "edge"), ((0, 6, 10), (1, 0, 10))),
        (sides(0, 1, "edge"), ((1, 0, 10), (2, 0, 1))),
        (sides(12, 0, "edge"), ((0, 0, 10), (1, 0, 10))),
    ]:
        assert stridekern.dask._along(chunks, one)[1].pieces == pieces
    first = {border: stridekern.dask._along((2, 28), sides(5, 0, border))[0].pieces for border in MODES_OF_FILTER}
    assert first == {
        "edge": ((0, 0, 2),),
        "constant": ((0, 0, 2),),
        "symmetric": ((0, 0, 2), (1, 0, 3)),
        "reflect": ((0, 0, 2), (1, 0, 4)),
        "wrap": ((1, 23, 28), (0, 0, 2)),
        # The two first results have no window.
        "valid": ((0, 0, 2), (1, 0, 28)),
    }


MODES_OF_FILTER = ["edge", "constant", "symmetric", "reflect", "wrap", "valid"]


@pytest.mark.parametrize("kernel", ["sobel", "gaussian:sigma=1.5", [[1, -2, 3, 0], [0, 0, 5, -1]], [[0, 0, 0, 1]]])
@pytest.mark.parametrize("border", [*MODES_OF_FILTER, "constant:9", "y=wrap,x=reflect"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_filter_gives_the_bits_of_the_whole(kernel, border, dtype):
    random = np.random.default_rng(7)
    for options in [{}, {"flip": True, "dtype": np.float32}, {"dilation": (2, 1)}, {"map": "abs", "bias": 3}]:
        for shape, axes in [((40, 31), None), ((31, 5, 40), (2, 0)), ((25, 30, 3), (0, 1))]:
            array = random_array(random, shape, dtype)
            chunks = tuple(random_chunks(random, size) for size in shape)
            message = f"{options} {shape} {chunks}"
            wanted = stridekern.filter(array, kernel, border=border, axes=axes, **options)
            result = stridekern.dask.filter(da.from_array(array, chunks), kernel, border=border, axes=axes, **options)
            assert result.dtype == wanted.dtype and result.shape == wanted.shape, message
            assert_same_bits(result.compute(), wanted, message)


def large_kernels():
    """Calls that Fourier transforms are faster for."""
    random = np.random.default_rng(3)
    weights = random.uniform(-1, 1, (21, 21))
    yield "dense", lambda module, image, **options: module.correlate(image, weights, **options)
    yield "even", lambda module, image, **options: module.convolve(image, weights[:18, :16], origin=3, **options)
    yield "smooth", lambda module, image, **options: module.gaussian_laplace(image, 4, mode="mirror", **options)
    yield "slope", lambda module, image, **options: module.gaussian_gradient_magnitude(image, 20, axes=1, **options)
    yield "line", lambda module, image, **options: module.gaussian_filter(image, 25, axes=1, mode="wrap", **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name, call", list(large_kernels()), ids=lambda value: value if isinstance(value, str) else "")
def test_large_kernels_give_the_bits_of_direct_sums(name, call, dtype):
    random = np.random.default_rng(5)
    array = random_array(random, (300, 700), dtype)
    lazy = da.from_array(array, (90, 260))
    wanted = call(ndimage, array, method="direct")
    assert_same_bits(call(stridekern.dask, lazy).compute(), wanted, name)
    tolerance = 64 * np.finfo(dtype).eps * np.abs(wanted).max()
    np.testing.assert_allclose(call(ndimage, array), wanted, rtol=0, atol=tolerance)
    np.testing.assert_allclose(call(stridekern.dask, lazy, method="auto").compute(), wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("mode", ["reflect", "constant", "wrap"])
def test_lines_give_the_bits_of_the_whole(mode, dtype):
    random = np.random.default_rng(11)
    for shape in [(50,), (20, 31), (7, 30, 9)]:
        array = random_array(random, shape, dtype)
        lazy = da.from_array(array, tuple(random_chunks(random, size) for size in shape))
        for axis in range(len(shape)):
            for name, arguments in [
                ("correlate1d", ([1, -2, 0.5],)),
                ("convolve1d", ([1, 2, 3, 4],)),
                ("gaussian_filter1d", (1.5,)),
                ("uniform_filter1d", (4,)),
            ]:
                options = dict(axis=axis, mode=mode, cval=3)
                wanted = getattr(ndimage, name)(array, *arguments, **options)
                result = getattr(stridekern.dask, name)(lazy, *arguments, **options).compute()
                assert_same_bits(result, wanted, f"{name} {shape} {axis}")


def test_columns_and_mixed_borders_give_the_bits_of_the_whole():
    random = np.random.default_rng(2)
    column = random.random((376, 1)).astype(np.float32)
    kernel = np.outer(random.random(5), random.random(5))
    wanted = stridekern.filter(column, kernel, border="wrap", method="direct")
    lazy = da.from_array(column, (1, 1))
    assert_same_bits(stridekern.dask.filter(lazy, kernel, border="wrap").compute(), wanted, "column")
    wanted = ndimage.uniform_filter(column, 5, mode="wrap")
    assert_same_bits(stridekern.dask.uniform_filter(lazy, 5, mode="wrap").compute(), wanted, "means")
    for _ in range(20):
        array = random.integers(-300, 300, (2, 4, 5))
        weights = np.round(random.standard_normal((3, 3, 2)), 1)
        modes = ["reflect", "wrap", "reflect"]
        result = stridekern.dask.correlate(da.from_array(array, (4, 1, 1)), weights, mode=modes).compute()
        assert_same_bits(result, ndimage.correlate(array, weights, mode=modes), "integers")


def test_nothing_is_told_or_lost_before_it_is_computed():
    image = da.from_array(np.full((9, 9), 5.0), chunks=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stridekern.dask.filter(image, [[1, 1, 1]], border="edge", ignore=0)
    masked = da.ma.masked_greater(da.arange(25, chunks=5).reshape(5, 5), 20)
    for call in (stridekern.dask.gaussian_filter, stridekern.dask.filter):
        with pytest.raises(ValueError, match="the array is masked, and its mask would be lost"):
            call(masked, 1 if call is stridekern.dask.gaussian_filter else "box3")
    for options in ({"alpha": "weight"}, {"map": "stretch"}):
        with pytest.raises(ValueError, match="depends on"):
            stridekern.dask.filter(image, "box3", **options)


CALLS = {
    "convolve": ([[1, 2], [3, 4]],),
    "convolve1d": ([1, 2, 0],),
    "correlate": ([[1, 2], [3, 4]],),
    "correlate1d": ([1, 2, 0],),
    "gaussian_filter": (2,),
    "gaussian_filter1d": (2,),
    "gaussian_gradient_magnitude": (2,),
    "gaussian_laplace": (2,),
    "laplace": (),
    "prewitt": (),
    "sobel": (0,),
    "uniform_filter": (5,),
    "uniform_filter1d": (5,),
    "filter": ("sobel",),
}


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_computed_at_once(name):
    def refuse(block):
        raise AssertionError("a chunk was computed")

    image = da.zeros((100, 100), chunks=30, dtype=np.int16)
    image = image.map_blocks(refuse, dtype=np.int16, meta=np.empty((0, 0), np.int16))
    result, again = (getattr(stridekern.dask, name)(image, *CALLS[name]) for _ in range(2))
    assert result.dtype == np.int16 and isinstance(result._meta, np.ndarray) and result._meta.shape == (0, 0)
    assert result.name == again.name
    with pytest.raises(AssertionError, match="a chunk was computed"):
        result.compute()


def test_what_cannot_be_is_refused():
    image = da.zeros((8, 9), chunks=4)
    for call, message in [
        (lambda: stridekern.dask.laplace(np.zeros((3, 3))), "no Dask array"),
        (lambda: stridekern.dask.laplace(image[image[:, 0] > 0]), "compute_chunk_sizes"),
        (lambda: stridekern.dask.laplace(image, mode="sideways"), "boundary mode 'sideways'"),
        (lambda: stridekern.dask.correlate(image, [1, 2]), "length"),
        (lambda: stridekern.dask.correlate(image, np.ones((3, 3)), origin=2), "anchor|origin"),
        (lambda: stridekern.dask.gaussian_filter(image, [1, 2, 3]), "sequence argument"),
        (lambda: stridekern.dask.filter(image, "sobel", step=(2, 2)), "step depends on where"),
        (lambda: stridekern.dask.filter(image[None], "sobel"), "several pairs of axes"),
        (lambda: stridekern.dask.filter(image, np.ones((9, 9))), "no room for a window"),
        (lambda: stridekern.dask.filter(image, "nonsense"), "nonsense"),
    ]:
        with pytest.raises((ValueError, RuntimeError, TypeError), match=message):
            call()


def test_examples():
    assert doctest.testmod(stridekern.dask).failed == 0


# Threads and workers.


def pool_threads():
    """How many threads the package has started in this process."""
    names = [name.read_text() for name in pathlib.Path("/proc/self/task").glob("*/comm")]
    return sum(name.startswith("stridekern-") for name in names)


def filtered_large(scheduler):
    image = da.ones((1500, 3000), chunks=1500, dtype=np.float32)
    stridekern.dask.gaussian_filter(image, 3).compute(scheduler=scheduler)
    return pool_threads()


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="threads are counted by /proc")


@needs_proc
@pytest.mark.parametrize("scheduler, is_alone", [("threads", False), ("synchronous", True)])
def test_calls_take_one_thread_unless_alone(scheduler, is_alone):
    code = f"import test_dask; print(test_dask.filtered_large({scheduler!r}))"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(pathlib.Path(__file__).parent), *sys.path]))
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (int(run.stdout) > 0) == (is_alone and len(os.sched_getaffinity(0)) > 1)


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def stored(tmp_path):
    """An array, and the same on disk."""
    zarr = pytest.importorskip("zarr")
    array = random_array(np.random.default_rng(5), (600, 610), np.float32)
    zarr.create_array(str(tmp_path / "in.zarr"), data=array, chunks=(100, 100))
    return array, str(tmp_path / "in.zarr")


@needs_proc
def test_a_cluster_reads_and_writes_zarr(client, stored, tmp_path):
    array, path = stored
    with dask.config.set(scheduler="distributed"):
        smooth = stridekern.dask.gaussian_filter(da.from_zarr(path), 3, mode="wrap")
        smooth.to_zarr(str(tmp_path / "out.zarr"))
        wanted = ndimage.gaussian_filter(array, 3, mode="wrap")
        assert_same_bits(da.from_zarr(str(tmp_path / "out.zarr")).compute(), wanted)
        stridekern.dask.gaussian_filter(da.ones((1500, 3000), chunks=1500), 3).compute()
    assert list(client.run(pool_threads).values()) == [0, 0]


def slowly(block):
    time.sleep(0.05)
    return block


def test_a_killed_worker_costs_no_result(client, stored, tmp_path):
    array, path = stored
    out = tmp_path / "out.zarr"
    with dask.config.set(scheduler="distributed"):
        source = da.from_zarr(path).map_blocks(slowly)
        smooth = stridekern.dask.gaussian_filter(source, 3)
        before = client.run(os.getpid)
        writing = client.compute(smooth.to_zarr(str(out), compute=False))
        while sum(file.is_file() for file in out.glob("c/*/*")) < 12:
            assert not writing.done()
            time.sleep(0.01)
        killed = next(iter(before.values()))
        os.kill(killed, signal.SIGKILL)
        assert not writing.done()
        writing.result(timeout=40)
        client.wait_for_workers(2, timeout=30)
        assert killed not in client.run(os.getpid).values()
        assert_same_bits(da.from_zarr(str(out)).compute(), ndimage.gaussian_filter(array, 3))


def test_the_guide(client, tmp_path, monkeypatch):
    pytest.importorskip("zarr")
    monkeypatch.chdir(tmp_path)
    client.run(os.chdir, str(tmp_path))
    guide = (pathlib.Path(__file__).parent.parent / "docs" / "dask.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 6
    names = {"__name__": "__main__"}
    with dask.config.set(scheduler="distributed"):
        for block in blocks:
            code = compile(block.replace("tcp://scheduler:8786", client.scheduler.address), "dask.md", "exec")
            if "SLURMCluster" not in block:
                exec(code, names)
    assert names["largest"] > 0 and names["array"].min() < names["array"].max()
    for name in ("in", "out", "edges"):
        assert len(list(tmp_path.glob(f"{name}.zarr/c/*/*"))) == 16
