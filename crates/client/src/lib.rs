//! What a person sees: store, sync, outbox, timeline.
