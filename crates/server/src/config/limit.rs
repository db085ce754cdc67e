//! Limits that an operator may change.

use std::num::NonZero;

use cloister_wire::limits::DEVICES_PER_CHANNEL;
use serde::{Deserialize, Serialize};

/// Without another word each is a number in a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests of one person or, not signed in, of one address.
    pub requests: NonZero<u32>,
    /// On one account from one address, in 5 minutes.
    pub sign_ins_per_account: NonZero<u32>,
    pub sign_ins_per_address: NonZero<u32>,
    /// Sign-ins of one address that are looked at at once.
    pub sign_ins_at_once: NonZero<u32>,
    /// Codes of an authenticator or backup codes for one account, in 5 minutes.
    pub codes_per_account: NonZero<u32>,
    /// In 5 minutes.
    pub registrations_per_address: NonZero<u32>,
    /// Applications for an account, in 5 minutes.
    pub applications_per_address: NonZero<u32>,
    pub invite_lookups_per_address: NonZero<u32>,
    /// Messages of one person in ten seconds.
    pub messages: NonZero<u32>,
    /// Keys and other items that one device sends to others: in a minute, and in a day.
    pub device_items_per_minute: NonZero<u32>,
    pub device_items_per_day: NonZero<u32>,
    /// Devices that read one encrypted channel; new readers wait for a place beyond it.
    pub devices_per_channel: NonZero<u32>,
    /// Links to a new password that an address tries, in an hour.
    pub resets_per_address: NonZero<u32>,
    /// Mails that one address asks for without a sign-in, in an hour.
    pub mails_per_address: NonZero<u32>,
    /// Mails that one person asks for, in an hour.
    pub mails_per_account: NonZero<u32>,
    /// Entries that one person writes into their device log, in an hour: each stays for ever.
    pub devlog_entries_per_account: NonZero<u32>,
    /// Invitations that one person makes, in an hour: each stays in its guild's log.
    pub invites_per_account: NonZero<u32>,
    /// Reports that one person hands in.
    pub reports_per_account: NonZero<u32>,
    /// Wrong passwords in a row before unknown devices are kept out for a while.
    pub wrong_passwords: NonZero<u32>,
    pub lockout: LockoutMode,
}

/// Whom too many wrong passwords keep out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockoutMode {
    /// A device of the account that proves itself goes on: nobody can lock its owner out.
    UnknownDevices,
    Everybody,
}

const fn positive(number: u32) -> NonZero<u32> {
    match NonZero::new(number) {
        Some(number) => number,
        None => NonZero::<u32>::MIN,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: positive(1_200),
            sign_ins_per_account: positive(10),
            sign_ins_per_address: positive(10),
            sign_ins_at_once: positive(4),
            codes_per_account: positive(5),
            registrations_per_address: positive(5),
            applications_per_address: positive(5),
            invite_lookups_per_address: positive(60),
            messages: positive(10),
            device_items_per_minute: positive(5_000),
            device_items_per_day: positive(200_000),
            devices_per_channel: positive(DEVICES_PER_CHANNEL as u32),
            resets_per_address: positive(10),
            mails_per_address: positive(10),
            mails_per_account: positive(5),
            devlog_entries_per_account: positive(120),
            invites_per_account: positive(120),
            reports_per_account: positive(5),
            wrong_passwords: positive(5),
            lockout: LockoutMode::UnknownDevices,
        }
    }
}

/// A limit as an operator is shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its key in `[limits]`.
    pub key: &'static str,
    pub most: u32,
    /// In how many seconds; none where it is not about time.
    pub window_s: Option<u64>,
    /// What is counted, and for whom.
    pub counts: &'static str,
}

impl Limits {
    /// Every number, with what it counts.
    #[expect(clippy::too_many_lines, reason = "one row for each limit")]
    pub fn table(&self) -> Vec<Limit> {
        let limit = |key, most: NonZero<u32>, window_s, counts| Limit {
            key,
            most: most.get(),
            window_s,
            counts,
        };
        vec![
            limit(
                "requests",
                self.requests,
                Some(60),
                "requests of one person or, not signed in, of one address; a restart forgets",
            ),
            limit(
                "sign_ins_per_account",
                self.sign_ins_per_account,
                Some(300),
                "wrong sign-ins to one account from one address or device",
            ),
            limit(
                "sign_ins_per_address",
                self.sign_ins_per_address,
                Some(60),
                "wrong sign-ins of one address",
            ),
            limit(
                "sign_ins_at_once",
                self.sign_ins_at_once,
                None,
                "sign-ins of one address that are looked at at once",
            ),
            limit(
                "codes_per_account",
                self.codes_per_account,
                Some(300),
                "wrong codes for one account, from wherever",
            ),
            limit(
                "registrations_per_address",
                self.registrations_per_address,
                Some(300),
                "registrations of one address without an invite",
            ),
            limit(
                "applications_per_address",
                self.applications_per_address,
                Some(300),
                "applications for an account from one address",
            ),
            limit(
                "invite_lookups_per_address",
                self.invite_lookups_per_address,
                Some(60),
                "invites that one address looks at; a restart forgets",
            ),
            limit(
                "messages",
                self.messages,
                Some(10),
                "messages of one person; a restart forgets",
            ),
            limit(
                "device_items_per_minute",
                self.device_items_per_minute,
                Some(60),
                "keys and other items that one device sends to others; a restart forgets",
            ),
            limit(
                "device_items_per_day",
                self.device_items_per_day,
                Some(86_400),
                "the same in a day",
            ),
            limit(
                "devices_per_channel",
                self.devices_per_channel,
                None,
                "devices that read one encrypted channel; new readers wait beyond it",
            ),
            limit(
                "resets_per_address",
                self.resets_per_address,
                Some(3_600),
                "links to a new password that one address tries",
            ),
            limit(
                "mails_per_address",
                self.mails_per_address,
                Some(3_600),
                "mails that one address asks for without a sign-in",
            ),
            limit(
                "mails_per_account",
                self.mails_per_account,
                Some(3_600),
                "mails that one person asks for",
            ),
            limit(
                "devlog_entries_per_account",
                self.devlog_entries_per_account,
                Some(3_600),
                "entries that one person writes into their device log",
            ),
            limit(
                "invites_per_account",
                self.invites_per_account,
                Some(3_600),
                "invitations that one person makes",
            ),
            limit(
                "reports_per_account",
                self.reports_per_account,
                Some(60),
                "reports that one person hands in; a restart forgets",
            ),
            limit(
                "wrong_passwords",
                self.wrong_passwords,
                None,
                "wrong passwords in a row before unknown devices wait",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_every_limit_that_has_a_key() {
        let limits = Limits::default();
        let table = limits.table();
        let keys = serde_json::to_value(&limits).unwrap();
        for (key, value) in keys.as_object().unwrap() {
            let row = table.iter().find(|limit| limit.key == key);
            match value.as_u64() {
                Some(most) => assert_eq!(u64::from(row.unwrap().most), most, "{key}"),
                None => assert_eq!(key, "lockout"),
            }
        }
    }
}
