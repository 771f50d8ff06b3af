"""Search in the metadata of a store: filters, full text, facets and joins.

The index lives in the metadata database and changes in the transaction that changes the documents,
so the two cannot drift apart. Objects are known by their *slot*, a dense number per kind; an answer
is a mask, a boolean array over slots.

=================  =============================================================================
``index``          `Search`, what the rest of the store uses
``chunks``         arrays of a chunk as bytes; ``rows``, arithmetic on ragged rows
``columns``        arrays of one kind in one transaction, through ``chunk_cache``
``column_writer``  the same in a transaction that writes
``value_codes``    dictionary of values; ``text_index`` finds values by their words,
                   ``word_patterns`` words by wildcards
``code_tables``    what a condition says of each value; ``masks``, what that says of each object
``filters``        metadata filters; ``full_text`` queries
``facets``         counts of values; ``slot_values``, the values of chosen objects
``links``          joins between kinds
``bulk_insert``    many rows at once; ``mismatches``, the index against the documents
``changes``        documents -> columns
=================  =============================================================================

The tables stand in `odm_shiny.store.search_schema`.
"""

from odm_shiny.store.search.changes import Change
from odm_shiny.store.search.facets import Facet
from odm_shiny.store.search.index import Search

__all__ = ["Change", "Facet", "Search"]
