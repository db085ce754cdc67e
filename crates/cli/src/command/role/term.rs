//! Terms of roles: when one is given by itself, and what must be so for it to count.

use clap::Args;
use cloister_client::view::{Act, Question, Told};
use cloister_client_native::now_ms;
use cloister_wire::{
    RoleId,
    permission::{Constraint, Constraints, Hours, Network},
    role::Automatic,
};
use serde_json::json;

use super::{ask, find, govern};
use crate::{
    arguments::duration_s,
    failure::Failure,
    print::{moment, printable},
    seat::Seat,
    target,
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Debug, Args)]
pub(crate) struct Constrain {
    /// Name or id of the guild
    #[arg(long)]
    guild: String,
    /// Name or id of the role
    role: String,
    /// Its holders need a second factor
    #[arg(long)]
    second_factor: bool,
    /// It counts on devices that another one approved, or that have been in for a week
    #[arg(long)]
    verified_device: bool,
    /// It counts for so long from now, such as `30d`
    #[arg(long = "expires", value_name = "TIME", value_parser = duration_s)]
    expires_s: Option<u32>,
    /// It counts at these hours, such as `mon-fri 09:00-17:00 +02:00`
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    hours: Option<Hours>,
    /// It counts from this network, such as `203.0.113.0/24`; may be repeated
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    network: Vec<Network>,
    /// Nobody holds it together with this role; may be repeated
    #[arg(long, value_name = "ROLE")]
    excludes: Vec<String>,
}

pub(super) async fn automatic(
    seat: &Seat<'_>,
    guild: &str,
    role: &str,
    when: &str,
) -> Result<(), Failure> {
    let automatic = match when {
        "off" => None,
        "joined" => Some(Automatic::Joined),
        "agreed" => Some(Automatic::Agreed),
        other => {
            let days = other.strip_suffix('d').and_then(|days| days.parse().ok());
            let days = days.ok_or_else(|| {
                Failure::usage("Say `joined`, `agreed`, `off`, or days such as `7d`.")
            })?;
            Some(Automatic::Stayed { days })
        }
    };
    let (view, role) = find(seat, guild, role).await?;
    let act = Act::SetAutomatic {
        role: role.id,
        automatic,
    };
    govern(seat, view.id, act, "changed").await
}

pub(super) async fn constrain(seat: &Seat<'_>, wanted: Constrain) -> Result<(), Failure> {
    let (view, role) = find(seat, &wanted.guild, &wanted.role).await?;
    let excludes: Result<Vec<RoleId>, Failure> = wanted
        .excludes
        .iter()
        .map(|other| Ok(target::role(&view, other)?.id))
        .collect();
    let constraints = Constraints {
        second_factor: wanted.second_factor,
        verified_device: wanted.verified_device,
        expires_at: wanted
            .expires_s
            .map(|lasts| now_ms() + u64::from(lasts) * 1_000),
        hours: wanted.hours,
        networks: wanted.network,
    };
    let act = Act::SetConstraints {
        role: role.id,
        constraints,
        excludes: excludes?,
    };
    govern(seat, view.id, act, "changed").await
}

pub(super) async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?;
    let view = target::guild_view(seat, guild.id).await?;
    let told = ask(seat, view.id, Question::Terms).await?;
    let Told::Terms { terms } = told else {
        return Err(Failure::other("The engine answered another question."));
    };
    let name = |id: &RoleId| {
        let known = view.roles.iter().find(|role| role.id == *id);
        known.map_or_else(|| id.to_string(), |role| printable(&role.name).clone())
    };
    for one in &terms {
        let mut says = Vec::new();
        says.extend(one.automatic.map(|automatic| match automatic {
            Automatic::Joined => "given to whoever joins".to_owned(),
            Automatic::Stayed { days } => format!("given after {days} days"),
            Automatic::Agreed => "given to whoever agreed to the rules".to_owned(),
        }));
        says.extend(asks(&one.constraints));
        says.extend(
            one.excludes
                .iter()
                .map(|other| format!("not with {}", name(other))),
        );
        seat.print.line(
            &json!({
                "id": one.role, "automatic": one.automatic, "constraints": one.constraints,
                "excludes": one.excludes,
            }),
            format_args!("{}  {}  {}", one.role, name(&one.role), says.join(", ")),
        )?;
    }
    Ok(())
}

fn asks(constraints: &Constraints) -> Vec<String> {
    let mut asks = Vec::new();
    if constraints.second_factor {
        asks.push("with a second factor".to_owned());
    }
    if constraints.verified_device {
        asks.push("from a verified device".to_owned());
    }
    asks.extend(
        constraints
            .expires_at
            .map(|at| format!("until {}", moment(at))),
    );
    asks.extend(constraints.hours.map(hours_text));
    let networks = constraints.networks.iter();
    asks.extend(networks.map(|network| format!("from {network}")));
    asks
}

/// Why a role does not count.
pub(super) const fn unmet(constraint: Constraint) -> &'static str {
    match constraint {
        Constraint::SecondFactor => "it needs a second factor",
        Constraint::VerifiedDevice => "it needs a verified device",
        Constraint::Expiry => "its time is over",
        Constraint::Hours => "not at this hour",
        Constraint::Networks => "not from this network",
    }
}

fn network(text: &str) -> Result<Network, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a network like 203.0.113.0/24"))
}

/// `mon-fri 09:00-17:00 +02:00`, the last part for another clock than UTC.
fn hours(text: &str) -> Result<Hours, String> {
    read_hours(text)
        .filter(Hours::is_well_formed)
        .ok_or_else(|| format!("{text:?} is not like `mon-fri 09:00-17:00 +02:00`"))
}

fn read_hours(text: &str) -> Option<Hours> {
    let mut parts = text.split_whitespace();
    let days = read_days(parts.next()?)?;
    let (from, until) = parts.next()?.split_once('-')?;
    let offset_min = match parts.next() {
        None => 0,
        Some(offset) => match (offset.strip_prefix('+'), offset.strip_prefix('-')) {
            (Some(ahead), _) => i16::try_from(read_time(ahead)?).ok()?,
            (_, Some(behind)) => -i16::try_from(read_time(behind)?).ok()?,
            _ => return None,
        },
    };
    let hours = Hours {
        days,
        from_min: read_time(from)?,
        until_min: read_time(until)?,
        offset_min,
    };
    parts.next().is_none().then_some(hours)
}

fn read_days(text: &str) -> Option<u8> {
    let day = |name: &str| DAYS.iter().position(|one| *one == name);
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut at, last) = (day(first)?, day(last)?);
        loop {
            days |= 1 << at;
            if at == last {
                break;
            }
            at = (at + 1) % DAYS.len();
        }
    }
    Some(days)
}

fn read_time(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn hours_text(hours: Hours) -> String {
    let named = DAYS.iter().enumerate();
    let days: Vec<&str> = named
        .filter(|(at, _)| hours.days >> at & 1 == 1)
        .map(|(_, name)| *name)
        .collect();
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let sign = if hours.offset_min < 0 { '-' } else { '+' };
    format!(
        "{} {}-{} {sign}{}",
        days.join(","),
        time(hours.from_min),
        time(hours.until_min),
        time(hours.offset_min.unsigned_abs())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_they_are_shown() {
        let office = hours("mon-fri 09:00-17:30 +02:00").unwrap();
        assert_eq!(office.days, 0b001_1111);
        assert_eq!((office.from_min, office.until_min), (540, 1_050));
        assert_eq!(office.offset_min, 120);
        let shown = hours_text(office);
        assert_eq!(shown, "mon,tue,wed,thu,fri 09:00-17:30 +02:00");
        assert_eq!(hours(&shown), Ok(office));
        let night = hours("sat-mon,wed 22:00-06:00 -03:30").unwrap();
        assert_eq!(night.days, 0b110_0101);
        assert_eq!(night.offset_min, -210);
        for wrong in [
            "",
            "mon",
            "mon 9-17",
            "mon 24:00-01:00",
            "mon 09:00-17:00 2",
            "day 01:00-02:00",
        ] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }
}
