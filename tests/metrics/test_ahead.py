"""Items come in their order, the next one made while the last is used."""

import threading

import pytest

from rwae_tf.metrics.ahead import ahead


def test_order_and_number():
    assert list(ahead([])) == []
    assert list(ahead(iter([None, 0, 2, 1]))) == [None, 0, 2, 1]


def test_the_next_item_is_made_while_one_is_used():
    begun = [threading.Event() for _ in range(3)]

    def items():
        for number, event in enumerate(begun):
            event.set()
            yield number

    for number in ahead(items()):
        if number < 2:
            assert begun[number + 1].wait(30)  # without being asked for


def test_never_two_items_ahead():
    made = []
    items = ahead(made.append(number) or number for number in range(10))
    for number in items:
        assert len(made) <= number + 2
        if number == 4:
            items.close()
            assert len(made) <= 6
            break


def test_an_error_comes_in_its_place():
    def items():
        yield 1
        raise ValueError("two")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="two"):
        next(found)
