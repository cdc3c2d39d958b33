//! Documents of others, and what in them has no place.
