"""`stridekern.strides`: views that stay in their memory."""

import gc
import itertools
import weakref

import numpy as np
import pytest

from stridekern import strides


def test_views_are_numpys():
    array = np.arange(60).reshape(5, 12)
    view = strides.as_strided(array, (4, 3), (12, 2), offset=13)
    np.testing.assert_array_equal(view, array[1:, 1:7:2])
    assert np.shares_memory(view, array) and not view.flags.writeable
    for axis, window in [(None, (2, 3)), (1, 4), ((1, 0), (3, 2)), (-1, 5)]:
        wanted = np.lib.stride_tricks.sliding_window_view(array, window, axis)
        result = strides.sliding_window_view(array, window, axis)
        np.testing.assert_array_equal(result, wanted)
        assert result.strides == wanted.strides
    stepped = strides.sliding_window_view(array, (2, 3), step=(2, 3), dilation=(1, 2))
    np.testing.assert_array_equal(stepped, np.lib.stride_tricks.sliding_window_view(array, (2, 5))[::2, ::3, :, ::2])
    np.testing.assert_array_equal(strides.blocks(array, (2, 5))[1, 1], array[2:4, 5:10])
    assert strides.blocks(array, (2, 5)).shape == (2, 2, 2, 5)
    np.testing.assert_array_equal(strides.repeat_view(array, 3, axis=-1), np.repeat(array[..., np.newaxis], 3, -1))
    for offset in range(-6, 14):
        np.testing.assert_array_equal(strides.diagonal(array, offset), np.diagonal(array, offset))
        np.testing.assert_array_equal(strides.anti_diagonal(array, offset), np.diagonal(array[:, ::-1], offset))


def views():
    memory = np.arange(48, dtype=np.int16)
    yield memory.reshape(6, 8)
    yield memory.reshape(6, 8)[::-1, ::2]
    yield memory.reshape(6, 8).T[1:]
    yield memory.astype(">i2").reshape(6, 8)[:, 3:]
    yield np.zeros((4, 5), [("a", np.uint8), ("b", np.float64)])
    yield np.zeros((4, 5), [("a", np.uint8), ("b", np.float64)])["b"]


def test_any_array_is_seen():
    for array in views():
        for view in [strides.sliding_window_view(array, (2, 2)), strides.blocks(array, 2), strides.diagonal(array)]:
            assert view.dtype == array.dtype
            assert np.shares_memory(view, array)
        np.testing.assert_array_equal(strides.sliding_window_view(array, (2, 2))[1, 1], array[1:3, 1:3])


def test_every_view_within_is_made_and_every_other_refused():
    """All small shapes and strides, beside a list of the elements that they name."""
    array = np.arange(7)
    made = refused = 0
    for shape in itertools.product(range(4), repeat=2):
        for steps in itertools.product(range(-4, 5), repeat=2):
            for offset in range(-1, 8):
                named = [offset + i * steps[0] + j * steps[1] for i in range(shape[0]) for j in range(shape[1])]
                if all(0 <= at < 7 for at in named):
                    view = strides.as_strided(array, shape, steps, offset)
                    assert view.shape == shape and view.ravel().tolist() == named
                    assert strides.overlaps(view) == (len(set(named)) < len(named))
                    made += 1
                else:
                    with pytest.raises(ValueError, match=r"reach(es)? element -?\d+, but the array has 7, 0 to 6"):
                        strides.as_strided(array, shape, steps, offset)
                    refused += 1
    assert made > 1500 and refused > 4000


def test_errors_name_the_axis():
    array = np.arange(12)
    with pytest.raises(ValueError, match="^axis 1 of length 13 and stride 1 reaches element 12, but"):
        strides.as_strided(array, (1, 13), (0, 1))
    with pytest.raises(ValueError, match="^axis 0 of length 3 and stride -1 reaches element -2"):
        strides.as_strided(array, (3, 2), (-1, 1))
    with pytest.raises(ValueError, match="^offset 12 reaches element 12"):
        strides.as_strided(array, (1,), (5,), offset=12)
    with pytest.raises(ValueError, match="shape has 2 axes and strides has 1"):
        strides.as_strided(array, (1, 1), (1,))
    with pytest.raises(ValueError, match="axis 0 has the length -1"):
        strides.as_strided(array, -1, 1)
    with pytest.raises(TypeError, match="shape must be an integer"):
        strides.as_strided(array, 1.5, 1)
    with pytest.raises(ValueError, match="axis 0: a window reaches over 13 elements, and there are 12"):
        strides.sliding_window_view(array, 13)
    with pytest.raises(ValueError, match="step 0"):
        strides.sliding_window_view(array, 3, step=0)
    with pytest.raises(ValueError, match="axis 1 is none of"):
        strides.sliding_window_view(array, 3, 1)
    with pytest.raises(TypeError, match="Python objects"):
        strides.as_strided(np.array([None, 1]), 1, 1)
    huge = 2**62
    with pytest.raises(ValueError, match="reaches element"):
        strides.as_strided(array, (huge,), (huge,))


def test_memory_between_elements_may_be_seen_and_no_more():
    array = np.arange(12).reshape(3, 4)[1:, 1:3]
    # From the parent, as far as it goes.
    assert strides.as_strided(array, 1, 1, offset=-5).tolist() == [0]
    with pytest.raises(ValueError, match="element -6, but the array has 12, -5 to 6"):
        strides.as_strided(array, 1, 1, offset=-6)


def test_what_overlaps_is_not_written():
    array = np.arange(10)
    with pytest.raises(ValueError, match="two indices of the view name one element"):
        strides.sliding_window_view(array, 3, writeable=True)
    with pytest.raises(ValueError, match="two indices"):
        strides.as_strided(array, (3, 3), (1, 1), writeable=True)
    strides.blocks(array, 5, writeable=True)[1] = -1
    assert array.tolist() == [0, 1, 2, 3, 4, -1, -1, -1, -1, -1]
    strides.diagonal(np.zeros((3, 3)), writeable=True)[...] = 1
    with pytest.raises(ValueError, match="read-only"):
        strides.repeat_view(array, 2)[0, 0] = 1
    array.flags.writeable = False
    with pytest.raises(ValueError, match="the array is read-only"):
        strides.blocks(array, 5, writeable=True)


def test_the_parent_lives_as_long_as_its_view():
    class Owned(np.ndarray):
        pass

    array = np.arange(1000).view(Owned)
    alive = weakref.ref(array)
    view = strides.sliding_window_view(array, 10)
    del array
    gc.collect()
    assert alive() is not None or view[0, 0] == 0
    assert view.sum() == sum(sum(range(at, at + 10)) for at in range(991))


def test_overlaps_is_exact():
    random = np.random.default_rng(7)
    memory = np.zeros(4000, np.int8)
    for _ in range(3000):
        count = int(random.integers(1, 4))
        shape = random.integers(1, 5, count)
        steps = random.integers(0, 12, count)
        size = int(random.choice([1, 2, 4]))
        view = np.lib.stride_tricks.as_strided(memory[: 4000 // size * size].view(f"i{size}"), shape, steps)
        starts = [int(np.dot(at, steps)) for at in np.ndindex(*shape)]
        starts.sort()
        wanted = any(b - a < size for a, b in itertools.pairwise(starts))
        assert strides.overlaps(view) == wanted, (shape, steps, size)


def test_layout_says_how_an_array_lies():
    parent = np.zeros((4, 6), np.float32)
    layout = strides.layout(parent[:, ::2])
    assert (layout.shape, layout.strides, layout.strides_in_bytes) == ((4, 3), (6, 2), (24, 8))
    assert (layout.seen_bytes, layout.owned_bytes) == (48, 96) and layout.owner is parent
    assert not layout.overlaps and layout.is_writeable and not layout.is_c_contiguous
    windows = strides.layout(strides.sliding_window_view(np.zeros(100), 10))
    assert windows.overlaps and not windows.is_writeable
    assert (windows.seen_bytes, windows.owned_bytes) == (91 * 10 * 8, 800)
    fields = np.zeros(4, [("a", np.uint8), ("b", np.float64)])
    assert strides.layout(fields["b"]).strides is None
    assert "of the other byte order" in str(strides.layout(np.zeros(3, ">f4")))
    assert strides.layout(np.frombuffer(b"abc", np.uint8)).owned_bytes == 3


def test_memory_with_python_objects_is_not_viewed():
    records = np.zeros(3, "O,i8")
    with pytest.raises(TypeError, match="Python objects"):
        strides.as_strided(records["f1"], (2,), (1,), offset=-1, writeable=True)
    with pytest.raises(TypeError, match="no bytes"):
        strides.as_strided(np.zeros(3, np.dtype([])), (2,), (1,))


def test_what_takes_long_to_find_out_overlaps():
    random = np.random.default_rng(3)
    steps = tuple(int(step) * 8 for step in random.integers(10**5, 10**7, 6))
    view = np.lib.stride_tricks.as_strided(np.zeros(1), (40,) * 6, steps)
    assert strides.overlaps(view) in (True, False)
