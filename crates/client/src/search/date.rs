//! Days as people type them.

use time::{Date, Duration, Month, OffsetDateTime};

/// A span of time, ms UTC; its end is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: u64,
    pub to: u64,
}

/// `2026`, `2026-11`, `2026-11-21`, `today`, `yesterday`, or `3d`, `2w` ago. `zone_minutes` says
/// how far east of Greenwich the person's days begin.
pub(crate) fn parse(text: &str, now_ms: u64, zone_minutes: i32) -> Option<Span> {
    let zone = Duration::minutes(i64::from(zone_minutes.clamp(-16 * 60, 16 * 60)));
    let now = i64::try_from(now_ms / 1_000).ok()?;
    let today = OffsetDateTime::from_unix_timestamp(now)
        .ok()?
        .checked_add(zone)?
        .date();
    let text = text.trim().to_lowercase();
    let (first, after_last) = match text.as_str() {
        "today" => (today, today.next_day()?),
        "yesterday" => (today.previous_day()?, today),
        other => ago(other, today).or_else(|| calendar(other))?,
    };
    Some(Span {
        from: start_of(first, zone)?,
        to: start_of(after_last, zone)?,
    })
}

fn start_of(day: Date, zone: Duration) -> Option<u64> {
    let seconds = day
        .midnight()
        .assume_utc()
        .checked_sub(zone)?
        .unix_timestamp();
    u64::try_from(seconds.max(0)).ok()?.checked_mul(1_000)
}

fn ago(text: &str, today: Date) -> Option<(Date, Date)> {
    let (count, days) = match text.strip_suffix('d') {
        Some(count) => (count, 1),
        None => (text.strip_suffix('w')?, 7),
    };
    let days = count
        .parse::<u16>()
        .ok()
        .map(|count| i64::from(count) * days)?;
    let day = today.checked_sub(Duration::days(days))?;
    Some((day, day.next_day()?))
}

fn calendar(text: &str) -> Option<(Date, Date)> {
    let mut parts = text.split(['-', '/', '.']);
    let year = parts.next().filter(|part| part.len() == 4)?;
    let year: i32 = year.parse::<u16>().ok()?.into();
    let number = |part: &str| part.parse::<u8>().ok();
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let date =
        |month: u8, day| Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok();
    match (month, day) {
        (None, _) => {
            let next = Date::from_calendar_date(year + 1, Month::January, 1).ok()?;
            Some((date(1, 1)?, next))
        }
        (Some(month), None) => {
            let month = Month::try_from(number(month)?).ok()?;
            let first = Date::from_calendar_date(year, month, 1).ok()?;
            let days = i64::from(month.length(year));
            Some((first, first.checked_add(Duration::days(days))?))
        }
        (Some(month), Some(day)) => {
            let day = date(number(month)?, number(day)?)?;
            Some((day, day.next_day()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T23:30:00Z
    const NOW: u64 = 1_795_303_800_000;
    const DAY: u64 = 86_400_000;
    const TODAY: u64 = NOW - NOW % DAY;

    fn days(text: &str, zone: i32) -> Option<(i64, i64)> {
        let span = parse(text, NOW, zone)?;
        let day = |at: u64| (at as i64 - TODAY as i64) / DAY as i64;
        Some((day(span.from), day(span.to)))
    }

    #[test]
    fn days_months_and_years_are_spans() {
        assert_eq!(days("2026-11-21", 0), Some((0, 1)));
        assert_eq!(days("2026/11/2", 0), Some((-19, -18)));
        assert_eq!(days("2026-11", 0), Some((-20, 10)));
        assert_eq!(days("2024-02", 0).map(|(from, to)| to - from), Some(29));
        assert_eq!(days("2025", 0).map(|(from, to)| to - from), Some(365));
        assert_eq!(days("Today", 0), Some((0, 1)));
        assert_eq!(days("yesterday", 0), Some((-1, 0)));
        assert_eq!(days("2w", 0), Some((-14, -13)));
    }

    #[test]
    fn days_begin_where_the_person_is() {
        // Half past midnight of the next day, an hour east of Greenwich.
        let span = parse("today", NOW, 60).unwrap();
        assert_eq!(span.from, TODAY + DAY - 3_600_000);
        assert_eq!(
            parse("2026-11-21", NOW, -120).unwrap().from,
            TODAY + 7_200_000
        );
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "-",
            "soon",
            "2026-13",
            "2026-02-30",
            "20261121",
            "2026-11-21-1",
            "99999d",
            "d",
            "10000",
            "1969-",
            "é4",
        ] {
            assert_eq!(parse(text, NOW, i32::MAX), None, "{text}");
        }
        assert_eq!(parse("1960", NOW, 0).map(|span| span.from), Some(0));
        assert!(parse("9999", NOW, 0).is_none() && parse("today", u64::MAX, 0).is_none());
    }
}
