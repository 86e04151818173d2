"""Channels: how a notification reaches somebody; one module per kind, loaded when it is used."""
