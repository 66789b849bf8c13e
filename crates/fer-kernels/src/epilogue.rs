//! What happens to a tile of results before it is stored.
