//! Accounts, guilds, order, delivery, jobs.
