"""Tables of the metadata database.

::

    objects             studies, samples, libraries, preparations, groups and runs, as they are now
    document_versions   what they were before
    links               who belongs to whom
    unit_links          the same group by group, counted: the graph that is walked
    chains              version chains of data files, and their members
    matrices            which matrix holds the values of which group
    users, people_groups, memberships, shares, tokens
    templates
    dictionaries, terms, term_names, term_parents
    jobs                imports: asked for, running, done
    counters, settings

The tables of the search index live beside them (`odm_shiny.store.search_schema`), in the same
`metadata`. Times are milliseconds since 1970 UTC; JSON is text, so that every database keeps it
byte for byte.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),  # the last number given out
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

# ---- people ------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),  # folded: one account an address
    Column("name", Text, nullable=False),
    Column("permissions", Text, nullable=False),  # JSON array
    Column("is_active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

people_groups = Table(
    "people_groups",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("accession", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("group_id", ForeignKey("people_groups.id"), primary_key=True),
    Index("memberships_group", "group_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),  # SHA-256, hex; the token itself is nowhere
    Column("last_four", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=True),
)

# ---- objects -----------------------------------------------------------------------------------

objects = Table(
    "objects",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("slot", Integer, nullable=False),  # 0, 1, ... within the kind, never given out twice
    Column("public_id", Text, nullable=False, unique=True),  # accession, or a run's number
    Column("group_id", ForeignKey("objects.id"), nullable=True),
    Column("position", Integer, nullable=True),  # 0, 1, ... within the group: row, or column
    Column("run_source", Text, nullable=True),  # a run's column name in its file
    Column("owner_id", ForeignKey("users.id"), nullable=False),
    Column("template", Text, nullable=True),  # accession of the template named at import
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("author", Text, nullable=False),  # of this version
    Column("message", Text, nullable=False),
    Column("document", Text, nullable=False),  # JSON; last, as it is the longest
    UniqueConstraint("kind", "slot", name="objects_kind_slot"),
    Index("objects_group", "group_id", "position"),
)

document_versions = Table(
    "document_versions",
    metadata,
    Column("object_id", ForeignKey("objects.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("author", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("source_id", ForeignKey("objects.id"), primary_key=True),
    Column("target_id", ForeignKey("objects.id"), primary_key=True),
    Column("source_kind", Text, nullable=False),
    Column("target_kind", Text, nullable=False),
    Index("links_target", "target_id", "source_kind"),
)

unit_links = Table(
    "unit_links",
    metadata,
    Column("source_id", ForeignKey("objects.id"), primary_key=True),
    Column("target_id", ForeignKey("objects.id"), primary_key=True),
    Column("n_links", Integer, nullable=False),
    Index("unit_links_target", "target_id"),
)

shares = Table(
    "shares",
    metadata,
    Column("object_id", ForeignKey("objects.id"), primary_key=True),
    Column("group_id", ForeignKey("people_groups.id"), primary_key=True),
    Column("permission", Text, nullable=False),
    Index("shares_group", "group_id"),
)

chains = Table(
    "chains",
    metadata,
    Column("accession", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("last_number", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

chain_members = Table(
    "chain_members",
    metadata,
    Column("chain", ForeignKey("chains.accession"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("group_id", ForeignKey("objects.id"), nullable=False, unique=True),
)

matrices = Table(
    "matrices",
    metadata,
    Column("matrix_id", Text, primary_key=True),
    Column("group_id", ForeignKey("objects.id"), nullable=False, unique=True),
    Column("n_runs", Integer, nullable=False),
    Column("n_features", Integer, nullable=False),
    Column("feature_columns", Text, nullable=False),  # JSON: name -> "string" | "number"
    Column("measurements", Text, nullable=False),  # JSON array of names
    Column("created_at", BigInteger, nullable=False),
)

# ---- templates and dictionaries ----------------------------------------------------------------

templates = Table(
    "templates",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("accession", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("owner_id", ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("attributes", Text, nullable=False),  # JSON array, as in ODM's template files
)

dictionaries = Table(
    "dictionaries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("accession", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("is_complete", Boolean, nullable=False),  # False: an extract, other values are fine
    Column("created_at", BigInteger, nullable=False),
)

terms = Table(
    "terms",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("dictionary_id", ForeignKey("dictionaries.id"), nullable=False),
    Column("term_id", Text, nullable=True),  # of the ontology, e.g. UBERON:0002107
    Column("label", Text, nullable=False),
    Index("terms_dictionary", "dictionary_id"),
)

term_names = Table(
    "term_names",
    metadata,
    Column("name_key", Text, primary_key=True),  # folded label or synonym
    Column("term", ForeignKey("terms.id"), primary_key=True),
    Column("relation", Text, nullable=False),  # label | exact | related
    Column("name", Text, nullable=False),
    Index("term_names_term", "term"),
)

term_parents = Table(
    "term_parents",
    metadata,
    Column("parent", ForeignKey("terms.id"), primary_key=True),
    Column("child", ForeignKey("terms.id"), primary_key=True),
    Index("term_parents_child", "child"),
)

# ---- jobs --------------------------------------------------------------------------------------

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # jobExecId
    Column("name", Text, nullable=False),  # e.g. IMPORT_SAMPLES_TSV
    Column("parameters", Text, nullable=False),  # JSON
    Column("identity", Text, nullable=True, index=True),  # equal for the same import asked twice
    Column("status", Text, nullable=False),
    Column("started_by", ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    Column("progress", Float, nullable=False),  # 0 ... 1
    Column("progress_text", Text, nullable=False),
    Column("result", Text, nullable=True),  # JSON
    Column("errors", Text, nullable=True),  # JSON
    Column("is_stop_asked", Boolean, nullable=False),
    Column("worker", Text, nullable=True),
    Column("heartbeat_at", BigInteger, nullable=True),
    Index("jobs_status", "status", "id"),
)
