//! Endpoints of people: accounts, sign-ins, devices, guilds, invitations, and the instance.

use axum::http::StatusCode;
use cloister_wire::{
    account::{
        AppendDevlog, AskChallenge, Challenge, Devices, Devlogs, Instance, InvitePreview, Me,
        PrepareSignIn, Prepared, QueryDevlogs, Refresh, Register, RenameDevice, SignIn, SignedIn,
        Tokens, Vault, Version,
    },
    account_application::ApplyForAccount,
    backup::{Backup, BackupPage, PutOutcomes, PutRecords},
    guild::{
        Appended, CreateGuild, CreateInvite, EndInvite, Guild, Guilds, Invites, Join, Joined,
        Members,
    },
    limits::BODY_BYTES_SHARE,
};

use super::{For, Route, delete, get, post, put};
use crate::http::{
    account, account_application, backup, device, guild, health, instance, invite, openapi,
    session, well_known,
};

pub(super) fn table() -> Vec<Route> {
    let mut table = instance();
    table.extend(sessions());
    table.extend(devices());
    table.extend(backup());
    table.extend(guilds());
    table
}

fn instance() -> Vec<Route> {
    vec![
        get("/healthz", For::Anyone, health::live).about("Whether the process runs."),
        get("/readyz", For::Anyone, health::ready)
            .about("Whether it can serve: its database answers."),
        get("/api/version", For::Anyone, health::version)
            .gives::<Version>()
            .about("Version of the program and of its contracts."),
        get("/api/v1/openapi.json", For::Anyone, openapi::show)
            .about("This document, OpenAPI 3.1."),
        get(
            "/.well-known/change-password",
            For::Anyone,
            well_known::change_password,
        )
        .answers(StatusCode::SEE_OTHER)
        .about("Leads to the page where a password is changed."),
        get(
            "/.well-known/security.txt",
            For::Anyone,
            well_known::security,
        )
        .answers(StatusCode::OK)
        .about("Whom to tell of a weakness, if the operator named somebody."),
        get("/api/v1/instance", For::Anyone, instance::show)
            .gives::<Instance>()
            .about("What anybody may know of this instance."),
    ]
}

fn sessions() -> Vec<Route> {
    vec![
        post("/api/v1/accounts", For::Anyone, account::register)
            .takes::<Register>()
            .makes::<SignedIn>()
            .about("Make an account with its device log, first device and keys."),
        post(
            "/api/v1/account-applications",
            For::Anyone,
            account_application::apply,
        )
        .takes::<ApplyForAccount>()
        .about("Apply for an account, where the instance takes people that way."),
        post("/api/v1/challenges", For::Anyone, session::challenge)
            .takes::<AskChallenge>()
            .makes::<Challenge>()
            .about("A nonce for a device to sign."),
        post("/api/v1/sessions/prepare", For::Anyone, session::prepare)
            .takes::<PrepareSignIn>()
            .gives::<Prepared>()
            .about("Whose a name and password are, for a device that is new."),
        post("/api/v1/sessions", For::Anyone, session::sign_in)
            .takes::<SignIn>()
            .makes::<SignedIn>()
            .about("Sign in with a known device or a new one."),
        post("/api/v1/sessions/refresh", For::Anyone, session::refresh)
            .takes::<Refresh>()
            .gives::<Tokens>()
            .about("New tokens for the refresh token, which is used up."),
        delete("/api/v1/session", For::Enrolling, session::sign_out)
            .about("Sign out: this sign-in's tokens and connections end."),
        get("/api/v1/me", For::Enrolling, device::me)
            .gives::<Me>()
            .about("Who is signed in, with which device."),
        get("/api/v1/vault", For::Enrolling, account::vault)
            .gives::<Vault>()
            .about("What the person's clients sealed for the ways back in."),
    ]
}

fn devices() -> Vec<Route> {
    vec![
        post("/api/v1/devlog", For::Enrolling, device::append)
            .takes::<AppendDevlog>()
            .about("Append to one's own device log: devices, and the vault with its hash."),
        post("/api/v1/devlogs", For::Enrolling, device::logs)
            .takes::<QueryDevlogs>()
            .gives::<Devlogs>()
            .about("New entries of the device logs of people whom one may know."),
        get("/api/v1/devices", For::Person, device::list)
            .gives::<Devices>()
            .about("One's devices, those that wait for approval too."),
        put("/api/v1/devices/{device}/name", For::Person, device::rename)
            .takes::<RenameDevice>()
            .about("Give one's device another sealed name."),
        delete("/api/v1/devices/{device}", For::Enrolling, device::dismiss)
            .about("Send away one's device that waits for approval."),
    ]
}

fn backup() -> Vec<Route> {
    vec![
        get("/api/v1/backup", For::Person, backup::show)
            .gives::<Backup>()
            .about("Versions of one's key backup, and how much is in each."),
        get(
            "/api/v1/backup/{version}/records",
            For::Person,
            backup::page,
        )
        .gives::<BackupPage>()
        .about("Sealed records after a serial number, oldest first."),
        put("/api/v1/backup/{version}/records", For::Person, backup::put)
            .takes::<PutRecords>()
            .gives::<PutOutcomes>()
            .body_bytes(BODY_BYTES_SHARE)
            .about("Put sealed records, each by compare-and-set."),
        delete("/api/v1/backup/{version}", For::Person, backup::delete)
            .about("Delete an old version, whose records were all sealed anew."),
    ]
}

fn guilds() -> Vec<Route> {
    vec![
        post("/api/v1/guilds", For::Person, guild::create)
            .takes::<CreateGuild>()
            .makes::<Joined>()
            .about("Make a guild with its first channel."),
        get("/api/v1/guilds", For::Person, guild::list)
            .gives::<Guilds>()
            .about("One's guilds."),
        get("/api/v1/guilds/{guild}", For::Member, guild::show)
            .gives::<Guild>()
            .about("A guild as one sees it."),
        delete("/api/v1/guilds/{guild}", For::Owner, guild::delete)
            .about("Delete a guild with everything in it."),
        post("/api/v1/guilds/{guild}/leave", For::Member, guild::leave).about("Leave a guild."),
        get(
            "/api/v1/guilds/{guild}/members",
            For::Member,
            guild::members,
        )
        .gives::<Members>()
        .about("A page of the members, by id."),
        post(
            "/api/v1/guilds/{guild}/invites",
            For::Member,
            invite::create,
        )
        .takes::<CreateInvite>()
        .makes::<Appended>()
        .about("Invite people by a link."),
        get("/api/v1/guilds/{guild}/invites", For::Member, invite::list)
            .gives::<Invites>()
            .about("Living invitations: all for those who manage them, else one's own."),
        post(
            "/api/v1/guilds/{guild}/invites/{code}/end",
            For::Member,
            invite::end,
        )
        .takes::<EndInvite>()
        .gives::<Appended>()
        .about("End an invitation."),
        get("/api/v1/invites/{code}", For::Anyone, invite::preview)
            .gives::<InvitePreview>()
            .about("Where an invitation leads."),
        post("/api/v1/invites/{code}/join", For::Person, invite::join)
            .takes::<Join>()
            .makes::<Joined>()
            .about("Join a guild by an invitation."),
    ]
}
