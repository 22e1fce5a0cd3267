"""Preparations of data that users have, into forms that train fast."""
