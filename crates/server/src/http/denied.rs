//! Acts of moderation and structure that a member tried and may not do stand in the guild's audit
//! log too.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

use crate::{App, access, action::audit, error::Denied};

/// What a route does, by the name that it has in the audit log. What is not in here only reads, or
/// is about nobody but oneself.
#[must_use]
pub fn deed(method: &Method, path: &str) -> Option<&'static str> {
    let path = path.strip_prefix("/api/v1/")?;
    let place = path
        .strip_prefix("guilds/{guild}")
        .map(|rest| rest.trim_start_matches('/'));
    match (method.as_str(), place) {
        ("DELETE", Some("")) => Some("guild.delete"),
        ("PUT", Some("" | "icon" | "banner")) => Some(audit::GUILD_EDIT),
        ("PUT", Some("everyone")) => Some(audit::GUILD_EVERYONE),
        ("PUT", Some("gate")) => Some(audit::GUILD_GATE),
        ("PUT", Some("retention")) => Some(audit::GUILD_RETENTION),
        ("PUT", Some("questions")) => Some(audit::GUILD_QUESTIONS),
        ("POST", Some("applications/{user}/approve")) => Some(audit::APPLICATION_APPROVE),
        ("POST", Some("applications/{user}/decline")) => Some(audit::APPLICATION_DECLINE),
        ("PUT", Some("rules")) => Some(audit::GUILD_RULES),
        ("POST", Some("owner")) => Some(audit::GUILD_TRANSFER),
        ("POST", Some("log")) => Some("guild.sign"),
        ("POST", Some("roles")) => Some(audit::ROLE_CREATE),
        ("PUT", Some("roles/{role}")) => Some(audit::ROLE_EDIT),
        ("PUT", Some("roles/{role}/position")) => Some(audit::ROLE_MOVE),
        ("PUT", Some("roles/{role}/automatic")) => Some(audit::ROLE_AUTOMATIC),
        ("PUT", Some("roles/{role}/constraints")) => Some(audit::ROLE_CONSTRAIN),
        ("DELETE", Some("roles/{role}")) => Some(audit::ROLE_DELETE),
        ("PUT", Some("overwrites")) => Some(audit::OVERWRITE_SET),
        ("POST", Some("emoji")) => Some(audit::EMOJI_CREATE),
        ("PUT", Some("emoji/{emoji}")) => Some(audit::EMOJI_EDIT),
        ("DELETE", Some("emoji/{emoji}")) => Some(audit::EMOJI_DELETE),
        ("POST", Some("categories")) => Some(audit::CATEGORY_CREATE),
        ("PUT", Some("categories/{category}")) => Some(audit::CATEGORY_EDIT),
        ("DELETE", Some("categories/{category}")) => Some(audit::CATEGORY_DELETE),
        ("POST", Some("channels")) => Some(audit::CHANNEL_CREATE),
        ("POST", Some("invites")) => Some(audit::INVITE_CREATE),
        ("PUT", Some("invites/{code}")) => Some(audit::INVITE_PAUSE),
        ("POST", Some("invites/{code}/end")) => Some(audit::INVITE_END),
        ("POST", Some("bans")) | ("PUT", Some("bans/{user}")) => Some(audit::MEMBER_BAN),
        ("POST", Some("bans/{user}/lift")) => Some(audit::MEMBER_UNBAN),
        ("PUT", Some("members/{user}/roles")) => Some(audit::MEMBER_ROLES),
        ("PUT", Some("members/{user}/nickname")) => Some(audit::MEMBER_NICKNAME),
        ("PUT", Some("members/{user}/timeout")) => Some(audit::MEMBER_TIMEOUT),
        ("PUT", Some("members/{user}/settled")) => Some(audit::MEMBER_SETTLE),
        ("PUT", Some("members/{user}/quarantine"))
        | ("POST", Some("members/{user}/quarantine/lift")) => Some(audit::MEMBER_QUARANTINE),
        ("POST", Some("members/{user}/kick")) => Some(audit::MEMBER_KICK),
        ("PUT", Some("reports/{report}")) => Some(audit::REPORT_CLAIM),
        ("POST", Some("reports/{report}/resolve")) => Some(audit::REPORT_RESOLVE),
        ("POST", Some("audit/export")) => Some(audit::AUDIT_EXPORT),
        ("PUT", None) => match path {
            "channels/{channel}" => Some(audit::CHANNEL_EDIT),
            "channels/{channel}/retention" => Some(audit::CHANNEL_RETENTION),
            "channels/{channel}/position" => Some(audit::CHANNEL_MOVE),
            _ => None,
        },
        ("DELETE", None) if path == "channels/{channel}" => Some(audit::CHANNEL_DELETE),
        ("POST", None) if path == "channels/{channel}/scrubs" => Some(audit::MESSAGE_DELETE),
        _ => None,
    }
}

/// What the address is about, as the audit log names things.
fn target(denied: &Denied, path: &str) -> String {
    let mut last = audit::guild(denied.guild);
    let mut segments = path.split('/');
    while let Some(segment) = segments.next() {
        let kind = match segment {
            "members" | "bans" | "applications" => "member",
            "roles" => "role",
            "categories" => "category",
            "channels" => "channel",
            "emoji" => "emoji",
            "invites" => "invite",
            "reports" => "report",
            _ => continue,
        };
        if let Some(id) = segments.next().filter(|id| id.len() <= 64) {
            last = format!("{kind}:{id}");
        }
    }
    last
}

/// Middleware: notes who was refused what.
pub(super) async fn note(State(app): State<App>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let deed = matched.and_then(|path| deed(request.method(), path.as_str()));
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let denied = response.extensions_mut().remove::<Denied>();
    let (Some(denied), Some(deed)) = (denied, deed) else {
        return response;
    };
    let parts = app.clone();
    let target = target(&denied, &path);
    let noted = app
        .db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            audit::denied(tx, &parts, &permit, &denied, deed, &target)
        })
        .await;
    if let Err(error) = noted {
        tracing::error!(%error, "a denied act could not be noted in the audit log");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::routes::{For, table};

    #[test]
    fn every_route_that_takes_a_right_and_changes_something_has_a_name_in_the_log() {
        for route in table() {
            let rightful = matches!(route.who, For::Owner | For::Manager);
            // Pins are everyday work of whoever writes in the channel.
            if !rightful || route.method == Method::GET || route.path.contains("/pins/") {
                continue;
            }
            assert!(deed(&route.method, route.path).is_some(), "{route:?}");
        }
    }

    #[test]
    fn the_target_is_the_last_thing_in_the_address() {
        let denied = Denied {
            guild: cloister_wire::GuildId::from_bytes([1; 16]),
            user: cloister_wire::UserId::from_bytes([2; 16]),
            device: cloister_wire::DeviceId::from_bytes([3; 16]),
            code: cloister_wire::ErrorCode::Forbidden,
        };
        let on = |path: &str| target(&denied, path);
        assert_eq!(on("/api/v1/guilds/7/members/9/kick"), "member:9");
        assert_eq!(on("/api/v1/guilds/7/invites/abc/end"), "invite:abc");
        assert_eq!(on("/api/v1/guilds/7/gate"), audit::guild(denied.guild));
        assert_eq!(on("/api/v1/guilds/7/roles"), audit::guild(denied.guild));
    }
}
