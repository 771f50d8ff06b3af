"""Version chains of data files."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store import chains, deletion, objects
from odm_shiny.store.chains import Place
from odm_shiny.store.refusals import ChainConflict, NotStored
from odm_shiny.store.store import Store


def test_the_first_new_version_makes_the_chain(store: Store, make: Any) -> None:
    with store.write() as tx:
        old, new = make.expression(tx).group, make.expression(tx).group
        assert chains.append(tx, old.public_id, new) == Place("GSVC000001", 2, is_active=True)
        assert chains.places(tx, [old.id, new.id]) == {
            old.id: Place("GSVC000001", 1, is_active=False),
            new.id: Place("GSVC000001", 2, is_active=True),
        }
        assert chains.members(tx, "GSVC000001") == [old.id, new.id]


def test_a_file_of_the_chain_or_the_chain_itself_may_be_named(store: Store, make: Any) -> None:
    with store.write() as tx:
        files = [make.expression(tx).group for _ in range(5)]
        chains.append(tx, files[0].public_id, files[1])
        chains.append(tx, files[0].public_id, files[2])
        chains.append(tx, "GSVC000001", files[3])
        numbers = {id_: place.number for id_, place in chains.places(tx).items()}
        assert numbers == {file.id: n for n, file in enumerate(files[:4], start=1)}
        other = make.expression(tx).group
        assert chains.append(tx, files[4].public_id, other).chain == "GSVC000002"


def test_a_deleted_version_leaves_its_number_and_the_newest_left_is_active(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        files = [make.expression(tx).group for _ in range(3)]
        chains.append(tx, files[0].public_id, files[1])
        deletion.delete(tx, files[1])
        assert chains.places(tx) == {files[0].id: Place("GSVC000001", 1, is_active=True)}
        assert chains.append(tx, files[0].public_id, files[2]).number == 3


def test_a_chain_outlives_all_its_files(store: Store, make: Any) -> None:
    with store.write() as tx:
        files = [make.expression(tx).group for _ in range(3)]
        chains.append(tx, files[0].public_id, files[1])
        for file in files[:2]:
            deletion.delete(tx, file)
        assert chains.append(tx, "GSVC000001", files[2]).number == 3


@pytest.mark.parametrize("previous", ["GSF999999", "GSVC000009", "", "1"])
def test_an_unknown_previous_version_is_not_found(store: Store, make: Any, previous: str) -> None:
    with store.write() as tx, pytest.raises(NotStored, match="no data file and no version chain"):
        chains.append(tx, previous, make.expression(tx, ["a", "b"][:0]).group)


def test_chains_hold_one_kind_of_data_and_a_file_once(store: Store, make: Any) -> None:
    with store.write() as tx:
        old, new = make.expression(tx).group, make.expression(tx).group
        variants = make.expression(tx, kind="variant_group").group
        samples = make.samples(tx).group
        with pytest.raises(ChainConflict, match="holds one kind of data"):
            chains.append(tx, old.public_id, variants)
        with pytest.raises(ChainConflict, match="has no data versions"):
            chains.append(tx, samples.public_id, samples)
        with pytest.raises(ChainConflict, match="its own previous version"):
            chains.append(tx, old.public_id, old)
        chains.append(tx, old.public_id, new)
        with pytest.raises(ChainConflict, match="in a version chain already"):
            chains.append(tx, old.public_id, new)
        with pytest.raises(ChainConflict, match="holds one kind of data"):
            chains.append(tx, "GSVC000001", variants)
        assert objects.get(tx, variants.public_id).id not in chains.places(tx)
