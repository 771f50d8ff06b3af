"""What crosses the wire: operations, models, messages, the OpenAPI documents."""
