//! Public signed structures and their verification. Holds no secret.
