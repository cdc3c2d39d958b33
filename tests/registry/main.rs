//! The client against the lying registry.
