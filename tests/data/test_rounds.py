"""Rounds of hierarchical sampling: who is drawn when, and that batch k is a function of k."""

import numpy as np

from rwae_tf.data.rounds import Rounds

UTTERANCES = np.repeat(np.arange(10), [3, 5, 4, 6, 2, 3, 5, 4, 6, 2])  # 40 segments of 10 sequences


def test_every_sequence_has_its_round_in_each_visit_to_all():
    rounds = Rounds(UTTERANCES, 3, 4, seed=1)
    assert rounds.batches == 3  # 3 sequences of 4 segments fill 3 batches of 4 on average
    for visit in range(2):
        drawn = np.concatenate([rounds.sequences(3 * visit + part) for part in range(3)])
        assert len(set(drawn.tolist())) == 9
    assert {tuple(rounds.sequences(n)) for n in (0, 3)} == {tuple(rounds.sequences(0)), tuple(rounds.sequences(3))}
    assert tuple(rounds.sequences(0)) != tuple(rounds.sequences(3))


def test_batches_of_a_round_are_of_its_sequences_and_rows_are_their_places():
    rounds = Rounds(UTTERANCES, 3, 4, seed=1)
    for number in range(6):
        sequences, (chosen, rows) = rounds.sequences(number), rounds.clips(number)
        assert sorted(chosen) == sorted(np.flatnonzero(np.isin(UTTERANCES, sequences)))
        np.testing.assert_array_equal(sequences[rows], UTTERANCES[chosen])
        taken = []
        for k in range(3 * number, 3 * number + 3):
            clips, rows = rounds.batch(k)
            assert len(clips) == 4
            np.testing.assert_array_equal(sequences[rows], UTTERANCES[clips])
            taken += clips.tolist()
        assert len(set(taken)) == min(12, len(chosen))  # none twice while others wait


def test_a_batch_is_a_function_of_the_seed_and_its_number():
    one, two, other = (Rounds(UTTERANCES, 4, 5, seed) for seed in (3, 3, 4))
    later = two.batch(17)  # without those before
    for mine, again in zip(one.batch(17), later, strict=True):
        np.testing.assert_array_equal(mine, again)
    assert any((one.batch(k)[0] != other.batch(k)[0]).any() for k in range(4))


def test_a_round_of_more_sequences_than_there_are_has_all():
    rounds = Rounds(UTTERANCES, 100, 8, seed=0)
    assert rounds.batches == 5 and sorted(rounds.sequences(4)) == list(range(10))
    clips = np.concatenate([rounds.batch(k)[0] for k in range(5)])
    assert sorted(clips) == list(range(40))
