"""The embedded ODM as a service: a request record in, a reply record out."""
