//! Endpoints of whoever runs the instance.

use axum::http::StatusCode;
use cloister_wire::{
    account_application::{
        AccountApplications, ApproveAccount, Approved, RejectAccount, SetAccountQuestions,
    },
    operate::{
        Everybody, HappenedPage, LimitsInForce, LookAfter, MailStanding, MailTested, Policy,
        ResetLink, SetPolicy, TestMail,
    },
    retention::Retention,
};

use super::{For, Route, get, post, put};
use crate::http::{account_application, operate, retention};

pub(super) fn table() -> Vec<Route> {
    let mut table = accounts();
    table.extend(applications());
    table
}

fn applications() -> Vec<Route> {
    vec![
        get(
            "/api/v1/operate/account-applications",
            For::Operator,
            account_application::page,
        )
        .gives::<AccountApplications>()
        .about("Applications for an account: those that wait, or those that were decided."),
        post(
            "/api/v1/operate/account-applications/{application}/approve",
            For::Operator,
            account_application::approve,
        )
        .takes::<ApproveAccount>()
        .gives::<Approved>()
        .about("Let an applicant in, by a mailed link or a one-time password."),
        post(
            "/api/v1/operate/account-applications/{application}/reject",
            For::Operator,
            account_application::reject,
        )
        .takes::<RejectAccount>()
        .about("Turn an applicant away, with a reason."),
        put(
            "/api/v1/operate/questions",
            For::Operator,
            account_application::set_questions,
        )
        .takes::<SetAccountQuestions>()
        .about("Choose what applicants are asked."),
    ]
}

fn accounts() -> Vec<Route> {
    vec![
        get("/api/v1/operate/people", For::Operator, operate::people)
            .gives::<Everybody>()
            .about("People by name, with what the operator may know of their accounts."),
        post(
            "/api/v1/operate/people/{user}",
            For::Operator,
            operate::look_after,
        )
        .takes::<LookAfter>()
        .about("Disable, enable or unlock an account, end its sign-ins, remove its factors."),
        post(
            "/api/v1/operate/people/{user}/reset",
            For::Operator,
            operate::reset,
        )
        .makes::<ResetLink>()
        .about("Make a link to a new password for somebody, who is told."),
        get("/api/v1/operate/mail", For::Operator, operate::mail)
            .gives::<MailStanding>()
            .about("How mails are sent, and what became of them."),
        post(
            "/api/v1/operate/mail/test",
            For::Operator,
            operate::test_mail,
        )
        .takes::<TestMail>()
        .gives::<MailTested>()
        .about("Send a mail at once, and say what the mail server answered."),
        get("/api/v1/operate/policy", For::Operator, operate::policy)
            .gives::<Policy>()
            .about("The rules of the instance, and settings that are weak."),
        put("/api/v1/operate/policy", For::Operator, operate::set_policy)
            .takes::<SetPolicy>()
            .about("Choose how one becomes somebody here, and who must have a second factor."),
        get(
            "/api/v1/operate/security-events",
            For::Operator,
            operate::events,
        )
        .gives::<HappenedPage>()
        .about("What happened to everybody's accounts, newest first."),
        post(
            "/api/v1/operate/security-events/export",
            For::Operator,
            operate::export,
        )
        .answers(StatusCode::OK)
        .about("The same as a file, CSV or JSON; it is written down that somebody took it."),
        get(
            "/api/v1/operate/retention",
            For::Operator,
            retention::report,
        )
        .gives::<Retention>()
        .about("For how long messages are kept, the last runs, and what is too old now."),
        get("/api/v1/operate/limits", For::Operator, operate::limits)
            .gives::<LimitsInForce>()
            .about("What is limited, how much, and in which time."),
    ]
}
