"""Making the next item while the last one is worked on."""

from concurrent.futures import ThreadPoolExecutor
from typing import Iterable, Iterator, TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield `items` in their order, the next one being made in a thread meanwhile.

    It pays where making and using an item both leave cores idle, as steps of TensorFlow do. An error of `items` is
    raised where its item would have been yielded.

    Args:
      items: an iterable; its next item is made in another thread, one at a time.
    """
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = maker.submit(next, iterator, end)
            yield item  # type: ignore[misc]
