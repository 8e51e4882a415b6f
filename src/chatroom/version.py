"""The version of this package, in one place (Semantic Versioning 2.0.0)."""

VERSION = "0.1.0"
