"""What the store declines to do, as types.

::

    Refusal                 .message; the store is fine, the request is not
    ├─ NotStored            no such object, user, template, job, ...
    │  ├─ LinkNotFound      both ends are there, the link is not
    │  └─ VersionNotFound   the object is there, that version is not
    ├─ NotPossible          makes no sense for these objects
    │  ├─ NoPartner         a link of groups that matched nothing; .attribute .unmatched
    │  ├─ NotDeletable
    │  └─ BadTemplate       a template or dictionary that breaks the format
    └─ Collision            collides with what is there
       ├─ LinkConflict
       ├─ ChainConflict
       ├─ NameTaken
       ├─ DuplicateJob      .job_id
       └─ WrongState        of a job
"""

from __future__ import annotations

from collections.abc import Sequence

from odm_shiny.errors import OdmError


class Refusal(OdmError):  # noqa: N818 - named like the tree in errors.py
    """A request that the store understands and declines; nothing was changed."""


class NotStored(Refusal):
    """What was named is not there."""


class LinkNotFound(NotStored):
    """Both ends are there, the link between them is not."""


class VersionNotFound(NotStored):
    """The object is there, that version of it is not."""


class NotPossible(Refusal):
    """The request makes no sense for these objects."""


class NoPartner(NotPossible):
    """Two groups in which not one pair of members matches.

    Attributes
    ----------
    attribute
        The attribute of the target whose values were compared.
    unmatched
        Values on the source side, in order, at most 10.
    """

    def __init__(self, message: str, *, attribute: str, unmatched: Sequence[str]) -> None:
        super().__init__(message)
        self.attribute = attribute
        self.unmatched = tuple(unmatched)


class NotDeletable(NotPossible):
    """Objects of this kind are removed with their group, not one by one."""


class BadTemplate(NotPossible):
    """A template or dictionary that breaks the rules of its format."""


class Collision(Refusal):
    """The change collides with what is there."""


class LinkConflict(Collision):
    """The link would contradict another one."""


class ChainConflict(Collision):
    """The version chain cannot take this file."""


class NameTaken(Collision):
    """Another one has that name already."""


class DuplicateJob(Collision):
    """The same import was asked for before.

    Attributes
    ----------
    job_id
        ``jobExecId`` of that job.
    """

    def __init__(self, message: str, *, job_id: int) -> None:
        super().__init__(message)
        self.job_id = job_id


class WrongState(Collision):
    """The job is in a state that does not allow this."""
