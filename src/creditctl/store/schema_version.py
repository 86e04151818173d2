"""The newest migration, so that opening a database need not load the migrations."""

HEAD = "0038"
