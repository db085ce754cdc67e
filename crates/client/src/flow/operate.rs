//! What the operator does: each act is one request, and nothing of it is kept here.

use std::fmt::Write as _;

use cloister_e2ee::Primitives;
use cloister_wire::{
    SecurityEventId,
    account_application::{
        AccountApplications, ApproveAccount, Approved, RejectAccount, SetAccountQuestions,
    },
    operate::{
        Everybody, Happened, HappenedPage, LimitsInForce, LookAfter, MailStanding, MailTested,
        PeopleState, Policy, ResetLink, SetPolicy, TestMail,
    },
    security::SecurityEventKind,
};
use serde::Serialize;

use crate::{
    core::{Outcome, Shared},
    engine::Method,
    flow::{
        call::CallError,
        security::{ask, done},
    },
    view::{
        AccountApplicationView, AuditFormat, CommandReply, HappenedToView, LimitView,
        MailStandingView, OperatorAct, OperatorReply, PersonSeenView, PolicyView, WeakSettingView,
    },
};

const BASE: &str = "/api/v1/operate";

#[expect(clippy::too_many_lines, reason = "one arm for each act")]
pub(crate) async fn act<P: Primitives>(shared: &Shared<P>, act: OperatorAct) -> Outcome {
    let reply = match act {
        OperatorAct::Everybody { with, state, after } => {
            everybody(shared, &with, state, after.as_deref()).await?
        }
        OperatorAct::LookAfter { user, deed } => {
            let path = format!("operate/people/{user}");
            tell(shared, Method::Post, &path, &LookAfter { deed }).await?
        }
        OperatorAct::ResetLink { user } => {
            let path = format!("operate/people/{user}/reset");
            let ResetLink { url } = ask(shared, &path, &()).await?;
            OperatorReply::ResetLink { url }
        }
        OperatorAct::Mail => mail(shared).await?,
        OperatorAct::TestMail { to } => {
            let MailTested { trouble } = ask(shared, "operate/mail/test", &TestMail { to }).await?;
            OperatorReply::MailTested { trouble }
        }
        OperatorAct::Policy => policy(shared).await?,
        OperatorAct::SetPolicy {
            registration,
            second_factor,
        } => {
            let chosen = SetPolicy {
                registration,
                second_factor,
            };
            tell(shared, Method::Put, "operate/policy", &chosen).await?
        }
        OperatorAct::Happened {
            username,
            kind,
            since,
            before,
        } => {
            let query = wanted(username.as_deref(), kind, since, before);
            events(shared, &query).await?
        }
        OperatorAct::HappenedFile {
            username,
            kind,
            since,
            format,
        } => {
            let query = wanted(username.as_deref(), kind, since, None);
            file(shared, &query, format).await?
        }
        OperatorAct::Limits => limits(shared).await?,
        OperatorAct::Applications { decided, before } => {
            let before = before.map(|before| format!("&before={before}"));
            let before = before.unwrap_or_default();
            applications(shared, &format!("?decided={decided}{before}")).await?
        }
        OperatorAct::Approve { application, by } => {
            let path = format!("operate/account-applications/{application}/approve");
            let Approved { url, password } = ask(shared, &path, &ApproveAccount { by }).await?;
            OperatorReply::Approved { url, password }
        }
        OperatorAct::Reject {
            application,
            reason,
        } => {
            let path = format!("operate/account-applications/{application}/reject");
            tell(shared, Method::Post, &path, &RejectAccount { reason }).await?
        }
        OperatorAct::SetQuestions { questions } => {
            let asked = SetAccountQuestions { questions };
            tell(shared, Method::Put, "operate/questions", &asked).await?
        }
    };
    Ok(CommandReply::Operated { reply })
}

async fn tell<P: Primitives, B: Serialize>(
    shared: &Shared<P>,
    method: Method,
    path: &str,
    body: &B,
) -> Result<OperatorReply, CallError> {
    done(shared, method, path, body).await?;
    Ok(OperatorReply::Done)
}

async fn everybody<P: Primitives>(
    shared: &Shared<P>,
    with: &str,
    state: PeopleState,
    after: Option<&str>,
) -> Result<OperatorReply, CallError> {
    let state = serde_json::to_value(state).unwrap_or_default();
    let path = format!(
        "{BASE}/people?with={}&state={}&after={}",
        escaped(with),
        state.as_str().unwrap_or_default(),
        escaped(after.unwrap_or_default()),
    );
    let shown: Everybody = shared.get(path).await?;
    let people = shown.people.into_iter().map(|one| PersonSeenView {
        user: one.user,
        username: one.username,
        display_name: one.display_name,
        created_at: one.created_at,
        operator: one.operator,
        disabled_at: one.disabled_at,
        deletion_at: one.deletion_at,
        second_factor_at: one.second_factor_at,
        mail: one.mail,
        sign_ins: one.sign_ins,
        last_seen_at: one.last_seen_at,
        locked_until: one.locked_until,
    });
    Ok(OperatorReply::Everybody {
        people: people.collect(),
        next: shown.next,
    })
}

async fn mail<P: Primitives>(shared: &Shared<P>) -> Result<OperatorReply, CallError> {
    let mail: MailStanding = shared.get(format!("{BASE}/mail")).await?;
    Ok(OperatorReply::Mail(MailStandingView {
        server: mail.server,
        port: mail.port,
        tls: mail.tls,
        from: mail.from,
        waiting: mail.waiting,
        sent: mail.sent,
        failed: mail.failed,
        said: mail.said,
    }))
}

async fn policy<P: Primitives>(shared: &Shared<P>) -> Result<OperatorReply, CallError> {
    let policy: Policy = shared.get(format!("{BASE}/policy")).await?;
    let weak = policy.weak.into_iter().map(|one| WeakSettingView {
        key: one.key,
        sentence: one.sentence,
    });
    Ok(OperatorReply::Policy(PolicyView {
        registration: policy.registration,
        registration_chosen: policy.registration_chosen,
        registration_configured: policy.registration_configured,
        second_factor: policy.second_factor,
        second_factor_chosen: policy.second_factor_chosen,
        second_factor_configured: policy.second_factor_configured,
        passwords: policy.passwords,
        access_ms: policy.access_ms,
        idle_ms: policy.idle_ms,
        absolute_ms: policy.absolute_ms,
        weak: weak.collect(),
    }))
}

async fn events<P: Primitives>(
    shared: &Shared<P>,
    query: &str,
) -> Result<OperatorReply, CallError> {
    let path = format!("{BASE}/security-events{query}");
    let page: HappenedPage = shared.get(path).await?;
    let events = page.events.into_iter().map(happened);
    Ok(OperatorReply::Happened {
        events: events.collect(),
        end: page.end,
    })
}

async fn file<P: Primitives>(
    shared: &Shared<P>,
    query: &str,
    format: AuditFormat,
) -> Result<OperatorReply, CallError> {
    let (format, name) = match format {
        AuditFormat::Csv => ("csv", "security.csv"),
        AuditFormat::Json => ("json", "security.json"),
    };
    let first = if query.is_empty() { '?' } else { '&' };
    let path = format!("{BASE}/security-events/export{query}{first}format={format}");
    let file = shared.call(Method::Post, path, None).await?;
    Ok(OperatorReply::File {
        name: name.to_owned(),
        text: String::from_utf8_lossy(&file).into_owned(),
    })
}

async fn applications<P: Primitives>(
    shared: &Shared<P>,
    query: &str,
) -> Result<OperatorReply, CallError> {
    let path = format!("{BASE}/account-applications{query}");
    let page: AccountApplications = shared.get(path).await?;
    let applications = page
        .applications
        .into_iter()
        .map(|one| AccountApplicationView {
            id: one.id,
            username: one.username,
            display_name: one.display_name,
            created_at: one.created_at,
            address: one.address,
            answers: one.answers,
            decision: one.decision,
            decided_at: one.decided_at,
            decided_by_name: one.decided_by_name,
            reason: one.reason,
            used_at: one.used_at,
        });
    Ok(OperatorReply::Applications {
        applications: applications.collect(),
        end: page.end,
        questions: page.questions,
        waiting: page.waiting,
    })
}

async fn limits<P: Primitives>(shared: &Shared<P>) -> Result<OperatorReply, CallError> {
    let LimitsInForce { limits } = shared.get(format!("{BASE}/limits")).await?;
    let limits = limits.into_iter().map(|limit| LimitView {
        key: limit.key,
        most: limit.most,
        window_s: limit.window_s,
        counts: limit.counts,
    });
    Ok(OperatorReply::Limits {
        limits: limits.collect(),
    })
}

fn happened(event: Happened) -> HappenedToView {
    HappenedToView {
        id: event.id,
        kind: event.kind,
        at: event.at,
        username: event.username,
        by_name: event.by_name,
        address: event.address,
        place: event.place,
        user_agent: event.user_agent,
        about: event.about,
    }
}

/// The filter as a query, empty without one.
fn wanted(
    username: Option<&str>,
    kind: Option<SecurityEventKind>,
    since: Option<u64>,
    before: Option<SecurityEventId>,
) -> String {
    let kind = kind.map(|kind| serde_json::to_value(kind).unwrap_or_default());
    let kind = kind.as_ref().and_then(|kind| kind.as_str());
    let parts = [
        username.map(|name| format!("username={}", escaped(name))),
        kind.map(|kind| format!("kind={kind}")),
        since.map(|since| format!("since={since}")),
        before.map(|before| format!("before={before}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("?{}", parts.join("&"))
}

/// A part of a name within an address (RFC 3986, 2.1).
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => escaped.push(byte.into()),
            other => {
                let _ = write!(escaped, "%{other:02X}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_within_an_address_is_nothing_but_a_name() {
        assert_eq!(escaped("bob_1"), "bob_1");
        assert_eq!(escaped("a&b=#ö"), "a%26b%3D%23%C3%B6");
        let query = wanted(
            Some("b&c"),
            Some(SecurityEventKind::SignInFailed),
            Some(7),
            None,
        );
        assert_eq!(query, "?username=b%26c&kind=sign_in_failed&since=7");
        assert_eq!(wanted(None, None, None, None), "");
    }
}
