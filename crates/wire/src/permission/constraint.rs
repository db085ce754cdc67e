//! What must be so for a role to count. A role whose constraint is not met gives nothing but
//! reading: constraints limit what people do, never who holds the keys of a channel.

use core::net::IpAddr;
use std::{fmt, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MINUTE_MS: u64 = 60_000;
const DAY_MIN: i64 = 24 * 60;
/// 1970-01-01 was a Thursday; Monday is day 0.
const FIRST_DAY: i64 = 3;

requests! {
    /// All of them must be met.
    #[derive(Default)]
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Constraints {
        /// Whoever holds it has a second factor.
        pub second_factor: bool,
        /// They act from a device that another one approved, or that has been in for a week.
        pub verified_device: bool,
        /// Ms UTC: it counts until then.
        pub expires_at: Option<u64>,
        pub hours: Option<Hours>,
        /// It counts for whoever comes from one of these; empty: from anywhere.
        pub networks: Vec<Network>,
    }

    /// Hours of some days, by a clock that does not change in summer.
    #[derive(Copy)]
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Hours {
        /// Bit 0 is Monday, bit 6 is Sunday: the days on which they begin.
        pub days: u8,
        /// Minutes after midnight.
        pub from_min: u16,
        /// Minutes after midnight; not after `from_min`: of the next day.
        pub until_min: u16,
        /// Minutes that the clock is ahead of UTC.
        pub offset_min: i16,
    }
}

impl Constraints {
    pub const fn is_empty(&self) -> bool {
        !self.second_factor
            && !self.verified_device
            && self.expires_at.is_none()
            && self.hours.is_none()
            && self.networks.is_empty()
    }

    /// The first constraint that is not met.
    pub fn unmet(&self, facts: &Facts) -> Option<Constraint> {
        let seat = facts.seat.as_ref();
        let elsewhere = |seat: &Seat| {
            let near = |address: IpAddr| self.networks.iter().any(|one| one.contains(address));
            !self.networks.is_empty() && !seat.address.is_some_and(near)
        };
        if self.second_factor && !facts.second_factor {
            Some(Constraint::SecondFactor)
        } else if self.expires_at.is_some_and(|at| at <= facts.now_ms) {
            Some(Constraint::Expiry)
        } else if self
            .hours
            .is_some_and(|hours| !hours.contains(facts.now_ms))
        {
            Some(Constraint::Hours)
        } else if self.verified_device && seat.is_some_and(|seat| !seat.verified_device) {
            Some(Constraint::VerifiedDevice)
        } else if seat.is_some_and(elsewhere) {
            Some(Constraint::Networks)
        } else {
            None
        }
    }

    /// Whether time alone made a difference between two moments.
    pub fn turned(&self, before_ms: u64, now_ms: u64) -> bool {
        let met = |now_ms: u64| {
            self.expires_at.is_none_or(|at| now_ms < at)
                && self.hours.is_none_or(|hours| hours.contains(now_ms))
        };
        met(before_ms) != met(now_ms)
    }
}

impl Hours {
    /// Whether they name some day, and times of a day.
    pub const fn is_well_formed(&self) -> bool {
        let day = DAY_MIN as u16;
        self.days != 0
            && self.days < 1 << 7
            && self.from_min < day
            && self.until_min < day
            && self.offset_min.unsigned_abs() <= 14 * 60
    }

    pub fn contains(&self, now_ms: u64) -> bool {
        let minutes = (now_ms / MINUTE_MS) as i64 + i64::from(self.offset_min);
        let (day, minute) = (
            minutes.div_euclid(DAY_MIN),
            minutes.rem_euclid(DAY_MIN) as u16,
        );
        let begins = |day: i64| self.days >> (day + FIRST_DAY).rem_euclid(7) & 1 == 1;
        if self.from_min < self.until_min {
            begins(day) && (self.from_min..self.until_min).contains(&minute)
        } else {
            (begins(day) && minute >= self.from_min) || (begins(day - 1) && minute < self.until_min)
        }
    }
}

/// Which constraint a role does not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    SecondFactor,
    VerifiedDevice,
    Expiry,
    Hours,
    Networks,
}

/// What constraints ask of whoever holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    pub now_ms: u64,
    pub second_factor: bool,
    /// From where they act. Absent where nobody acts: what asks for it counts as met.
    pub seat: Option<Seat>,
}

/// The device and the network of whoever acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seat {
    pub verified_device: bool,
    pub address: Option<IpAddr>,
}

/// Addresses with a common beginning, such as `203.0.113.0/24`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, as = "String"))]
pub struct Network(IpNet);

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = ipnet::AddrParseError;
    /// A network, or one address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse::<IpNet>()?,
        };
        Ok(Self(net.trunc()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| de::Error::custom("not a network like 203.0.113.0/24"))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Network {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Network {}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 60 * MINUTE_MS;
    const DAY_MS: u64 = 24 * HOUR_MS;
    /// Monday, 1970-01-05.
    const MONDAY: u64 = 4 * DAY_MS;

    fn hours(days: u8, from: u16, until: u16, offset_min: i16) -> Hours {
        Hours {
            days,
            from_min: from * 60,
            until_min: until * 60,
            offset_min,
        }
    }

    #[test]
    fn hours_begin_on_their_days_by_their_own_clock() {
        let office = hours(0b001_1111, 9, 17, 0);
        assert!(!office.contains(MONDAY + 9 * HOUR_MS - 1));
        assert!(office.contains(MONDAY + 9 * HOUR_MS));
        assert!(office.contains(MONDAY + 17 * HOUR_MS - 1));
        assert!(!office.contains(MONDAY + 17 * HOUR_MS));
        assert!(
            !office.contains(MONDAY + 5 * DAY_MS + 10 * HOUR_MS),
            "Saturday"
        );
        let east = hours(0b000_0001, 0, 2, 120);
        assert!(east.contains(MONDAY - HOUR_MS), "Monday there, Sunday here");
        assert!(!east.contains(MONDAY));
    }

    #[test]
    fn hours_may_last_beyond_midnight() {
        let night = hours(0b000_0001, 22, 6, 0);
        assert!(night.contains(MONDAY + 23 * HOUR_MS));
        assert!(night.contains(MONDAY + DAY_MS + 5 * HOUR_MS));
        assert!(!night.contains(MONDAY + DAY_MS + 22 * HOUR_MS));
        assert!(!night.contains(MONDAY + 5 * HOUR_MS));
        let whole = hours(0b000_0001, 8, 8, 0);
        assert!(whole.contains(MONDAY + 8 * HOUR_MS));
        assert!(whole.contains(MONDAY + DAY_MS + 8 * HOUR_MS - 1));
        assert!(!whole.contains(MONDAY + DAY_MS + 8 * HOUR_MS));
    }

    #[test]
    fn a_network_holds_its_addresses_in_either_form() {
        let net: Network = "203.0.113.77/24".parse().unwrap();
        assert_eq!(net.to_string(), "203.0.113.0/24");
        assert!(net.contains("203.0.113.9".parse().unwrap()));
        assert!(net.contains("::ffff:203.0.113.9".parse().unwrap()));
        assert!(!net.contains("203.0.114.9".parse().unwrap()));
        let one: Network = "2001:db8::1".parse().unwrap();
        assert_eq!(one.to_string(), "2001:db8::1/128");
        assert!("the office".parse::<Network>().is_err());
    }

    #[test]
    fn without_a_seat_only_the_person_and_the_clock_count() {
        let all = Constraints {
            second_factor: true,
            verified_device: true,
            expires_at: Some(10),
            hours: None,
            networks: vec!["10.0.0.0/8".parse().unwrap()],
        };
        let mut facts = Facts {
            now_ms: 9,
            second_factor: true,
            seat: None,
        };
        assert_eq!(all.unmet(&facts), None);
        facts.seat = Some(Seat::default());
        assert_eq!(all.unmet(&facts), Some(Constraint::VerifiedDevice));
        facts.seat = Some(Seat {
            verified_device: true,
            address: Some("192.0.2.1".parse().unwrap()),
        });
        assert_eq!(all.unmet(&facts), Some(Constraint::Networks));
        facts.now_ms = 10;
        assert_eq!(all.unmet(&facts), Some(Constraint::Expiry));
        facts.second_factor = false;
        assert_eq!(all.unmet(&facts), Some(Constraint::SecondFactor));
    }
}
