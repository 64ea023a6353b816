"""Credential verification service: the image that the delivery pipeline builds and releases."""
