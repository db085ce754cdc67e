//! What a device knows: keys, sessions, sealed messages.
