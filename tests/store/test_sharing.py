"""Who may see which study."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store import people, people_groups, sharing
from odm_shiny.store.refusals import NotPossible
from odm_shiny.store.store import Store


def test_a_study_is_seen_by_its_owner_and_by_the_groups_it_is_shared_with(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        ann, bob = (people.create_user(tx, f"{name}@example.org") for name in ("ann", "bob"))
        lab = people_groups.create_group(tx, "Lab")
        people_groups.add_members(tx, lab.accession, [bob.id])
        bob = people.get_user(tx, bob.id)
        own, shared, public, hidden = (
            make.study(tx, title, owner_id=owner)
            for title, owner in (("own", bob.id), ("shared", ann.id), ("public", 1), ("hidden", 1))
        )
        assert sharing.share(tx, shared, lab)
        assert not sharing.share(tx, shared, lab)
        everybody = people_groups.get_group(tx, people_groups.ALL_USERS)
        sharing.share(tx, public, everybody)
        assert sharing.visible_study_slots(tx, bob) == [own.slot, shared.slot, public.slot]
        assert sharing.visible_study_slots(tx, ann) == [shared.slot, public.slot]
        assert hidden.slot not in sharing.visible_study_slots(tx, bob)
        assert sharing.groups_sharing(tx, shared) == [lab]
        assert sharing.unshare(tx, shared, lab)
        assert not sharing.unshare(tx, shared, lab)
        assert sharing.visible_study_slots(tx, bob) == [own.slot, public.slot]


def test_only_studies_are_shared(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples = make.samples(tx).group
        lab = people_groups.create_group(tx, "Lab")
        with pytest.raises(NotPossible, match="is no study"):
            sharing.share(tx, samples, lab)


def test_what_was_shared_with_a_deleted_group_is_seen_no_more(store: Store, make: Any) -> None:
    with store.write() as tx:
        bob = people.create_user(tx, "bob@example.org")
        study = make.study(tx)
        lab = people_groups.create_group(tx, "Lab")
        people_groups.add_members(tx, lab.accession, [bob.id])
        sharing.share(tx, study, lab)
        people_groups.delete_group(tx, lab.accession)
        assert sharing.visible_study_slots(tx, people.get_user(tx, bob.id)) == []
        assert sharing.groups_sharing(tx, study) == []
