//! Endpoints of governing a guild: structure, rights, moderation, audit; and of keeping people.

use cloister_wire::{
    application::{
        Applicant, Applications, Apply, Approve, Decline, OwnApplications, SetQuestions,
    },
    audit::{AuditPage, AuditProof},
    emoji::{CreateEmoji, EditEmoji, Emoji},
    guild::{Appended, Member, SetInvite},
    moderation::{
        AcceptRules, Ban, BanMany, Bans, GateView, Joins, Kick, LiftBan, LiftQuarantine,
        Quarantine, Relations, SetContact, SetGate, SetNickname, SetRelation, SetRules, Settle,
        TimeOut,
    },
    picture::{Picture, SetPicture},
    presence::{LookAt, Presences},
    retention::SetRetention,
    role::{
        Category, CreateCategory, CreateRole, EditCategory, EditChannel, EditEveryone, EditGuild,
        EditRole, Explained, MoveChannel, MoveRole, Overwrites, Role, SetAutomatic, SetConstraints,
        SetOverwrite, SetRoles, Terms, TransferGuild,
    },
};

use super::{For, Route, delete, get, post, put};
use crate::http::{
    application, audit, category, emoji, invite, moderation, nickname, picture, presence, relation,
    retention, role, rules, term,
};

pub(super) fn table() -> Vec<Route> {
    let mut table = roles();
    table.extend(terms());
    table.extend(emoji());
    table.extend(structure());
    table.extend(looks());
    table.extend(order());
    table.extend(doors());
    table.extend(applications());
    table.extend(log());
    table.extend(people());
    table
}

fn roles() -> Vec<Route> {
    vec![
        post("/api/v1/guilds/{guild}/roles", For::Owner, role::create)
            .takes::<CreateRole>()
            .makes::<Role>()
            .about("Make a role, below all others."),
        put(
            "/api/v1/guilds/{guild}/roles/{role}",
            For::Owner,
            role::edit,
        )
        .takes::<EditRole>()
        .gives::<Role>()
        .about("Change a role that stands below one's own."),
        put(
            "/api/v1/guilds/{guild}/roles/{role}/position",
            For::Owner,
            role::reorder,
        )
        .takes::<MoveRole>()
        .about("Move a role among the others."),
        delete(
            "/api/v1/guilds/{guild}/roles/{role}",
            For::Owner,
            role::delete,
        )
        .about("Delete a role."),
        put(
            "/api/v1/guilds/{guild}/everyone",
            For::Owner,
            role::edit_everyone,
        )
        .takes::<EditEveryone>()
        .about("Change what every member may do."),
        put(
            "/api/v1/guilds/{guild}/members/{user}/roles",
            For::Owner,
            role::set_roles,
        )
        .takes::<SetRoles>()
        .gives::<Member>()
        .about("Give a member exactly these roles."),
        get(
            "/api/v1/guilds/{guild}/overwrites",
            For::Owner,
            role::overwrites,
        )
        .gives::<Overwrites>()
        .about("What categories and channels give and refuse."),
        put(
            "/api/v1/guilds/{guild}/overwrites",
            For::Owner,
            role::set_overwrite,
        )
        .takes::<SetOverwrite>()
        .about("Replace what a category or channel gives and refuses somebody."),
        get(
            "/api/v1/guilds/{guild}/explain",
            For::Member,
            role::explain_right,
        )
        .gives::<Explained>()
        .about("Why somebody may or may not do something; about others, for who manages roles."),
        post("/api/v1/guilds/{guild}/owner", For::Owner, role::hand_over)
            .takes::<TransferGuild>()
            .gives::<Appended>()
            .about("Hand the guild over, with one's password."),
    ]
}

fn emoji() -> Vec<Route> {
    vec![
        post("/api/v1/guilds/{guild}/emoji", For::Owner, emoji::create)
            .takes::<CreateEmoji>()
            .makes::<Emoji>()
            .about("Make an emoji of the guild."),
        put(
            "/api/v1/guilds/{guild}/emoji/{emoji}",
            For::Owner,
            emoji::edit,
        )
        .takes::<EditEmoji>()
        .about("Rename an emoji."),
        delete(
            "/api/v1/guilds/{guild}/emoji/{emoji}",
            For::Owner,
            emoji::delete,
        )
        .about("Delete an emoji; where it was used its name is shown."),
    ]
}

fn terms() -> Vec<Route> {
    vec![
        get("/api/v1/guilds/{guild}/terms", For::Owner, term::page)
            .gives::<Terms>()
            .about("When roles are given by themselves, and what they ask for."),
        put(
            "/api/v1/guilds/{guild}/roles/{role}/automatic",
            For::Owner,
            term::set_automatic,
        )
        .takes::<SetAutomatic>()
        .about("Have a role given to every vouched member, or by hand again."),
        put(
            "/api/v1/guilds/{guild}/roles/{role}/constraints",
            For::Owner,
            term::set_constraints,
        )
        .takes::<SetConstraints>()
        .about("What must be so for a role to count, and which other roles nobody holds with it."),
    ]
}

fn structure() -> Vec<Route> {
    vec![
        put("/api/v1/guilds/{guild}", For::Owner, category::edit_guild)
            .takes::<EditGuild>()
            .about("Rename the guild."),
        post(
            "/api/v1/guilds/{guild}/categories",
            For::Owner,
            category::create,
        )
        .takes::<CreateCategory>()
        .makes::<Category>()
        .about("Make a category."),
        put(
            "/api/v1/guilds/{guild}/categories/{category}",
            For::Owner,
            category::edit,
        )
        .takes::<EditCategory>()
        .about("Rename a category, or move it."),
        delete(
            "/api/v1/guilds/{guild}/categories/{category}",
            For::Owner,
            category::delete,
        )
        .about("Delete a category; its channels stay."),
        put(
            "/api/v1/channels/{channel}",
            For::Manager,
            category::edit_channel,
        )
        .takes::<EditChannel>()
        .about("Change name, topic, slow mode and writers of a channel."),
        put(
            "/api/v1/channels/{channel}/retention",
            For::Manager,
            retention::set_channel,
        )
        .takes::<SetRetention>()
        .about("Say for how many days the channel keeps messages."),
        put(
            "/api/v1/guilds/{guild}/retention",
            For::Owner,
            retention::set_guild,
        )
        .takes::<SetRetention>()
        .about("Say for how many days the guild keeps messages."),
        put(
            "/api/v1/channels/{channel}/position",
            For::Manager,
            category::move_channel,
        )
        .takes::<MoveChannel>()
        .about("Move a channel, also to another category."),
        delete(
            "/api/v1/channels/{channel}",
            For::Manager,
            category::delete_channel,
        )
        .about("Delete a channel with everything that was said there."),
    ]
}

fn looks() -> Vec<Route> {
    vec![
        put(
            "/api/v1/guilds/{guild}/members/{user}/nickname",
            For::Owner,
            nickname::set,
        )
        .takes::<SetNickname>()
        .gives::<Member>()
        .about("Say what a member is called in the guild: oneself, or who stands below one."),
        put("/api/v1/guilds/{guild}/icon", For::Owner, picture::set_icon)
            .takes::<SetPicture>()
            .about("Give the guild an icon, or take it away."),
        put(
            "/api/v1/guilds/{guild}/banner",
            For::Owner,
            picture::set_banner,
        )
        .takes::<SetPicture>()
        .about("Give the guild a banner, or take it away."),
        put("/api/v1/guilds/{guild}/rules", For::Owner, rules::set)
            .takes::<SetRules>()
            .about("Give the guild rules, which members agree to before they write."),
        post(
            "/api/v1/guilds/{guild}/rules/accept",
            For::Member,
            rules::accept,
        )
        .takes::<AcceptRules>()
        .about("Agree to the rules that one has read."),
        get(
            "/api/v1/guilds/{guild}/pictures/{picture}",
            For::Member,
            picture::get,
        )
        .gives::<Picture>()
        .about("A picture of the guild, by the SHA-256 of its bytes."),
    ]
}

fn order() -> Vec<Route> {
    vec![
        post(
            "/api/v1/guilds/{guild}/members/{user}/kick",
            For::Owner,
            moderation::kick,
        )
        .takes::<Kick>()
        .about("Take a member out."),
        put(
            "/api/v1/guilds/{guild}/members/{user}/timeout",
            For::Owner,
            moderation::time_out,
        )
        .takes::<TimeOut>()
        .gives::<Member>()
        .about("Put a member on hold for a time, or end that."),
        put(
            "/api/v1/guilds/{guild}/members/{user}/settled",
            For::Owner,
            moderation::settle,
        )
        .takes::<Settle>()
        .gives::<Member>()
        .about("Count a member no longer as new."),
        put(
            "/api/v1/guilds/{guild}/members/{user}/quarantine",
            For::Owner,
            moderation::quarantine,
        )
        .takes::<Quarantine>()
        .gives::<Member>()
        .about("Set a member apart: without roles, reading only what everybody reads."),
        post(
            "/api/v1/guilds/{guild}/members/{user}/quarantine/lift",
            For::Owner,
            moderation::lift_quarantine,
        )
        .takes::<LiftQuarantine>()
        .gives::<Member>()
        .about("End a quarantine."),
    ]
}

fn doors() -> Vec<Route> {
    vec![
        get("/api/v1/guilds/{guild}/bans", For::Owner, moderation::bans)
            .gives::<Bans>()
            .about("Who is kept out."),
        post(
            "/api/v1/guilds/{guild}/bans",
            For::Owner,
            moderation::ban_many,
        )
        .takes::<BanMany>()
        .about("Keep several people out: all of them, or none."),
        put(
            "/api/v1/guilds/{guild}/invites/{code}",
            For::Owner,
            invite::set,
        )
        .takes::<SetInvite>()
        .about("Pause an invitation, or go on with it: its maker, and who manages invitations."),
        put(
            "/api/v1/guilds/{guild}/bans/{user}",
            For::Owner,
            moderation::ban,
        )
        .takes::<Ban>()
        .about("Keep somebody out, for a time or until it is lifted."),
        post(
            "/api/v1/guilds/{guild}/bans/{user}/lift",
            For::Owner,
            moderation::lift_ban,
        )
        .takes::<LiftBan>()
        .about("Lift a ban."),
        get("/api/v1/guilds/{guild}/gate", For::Owner, moderation::gate)
            .gives::<GateView>()
            .about("Whether joining and inviting go on."),
        put(
            "/api/v1/guilds/{guild}/gate",
            For::Owner,
            moderation::set_gate,
        )
        .takes::<SetGate>()
        .gives::<GateView>()
        .about("Pause joining and inviting, and how long newcomers only read."),
        get(
            "/api/v1/guilds/{guild}/joins",
            For::Owner,
            moderation::joins,
        )
        .gives::<Joins>()
        .about("Who came by which invitation."),
    ]
}

fn applications() -> Vec<Route> {
    vec![
        put(
            "/api/v1/guilds/{guild}/questions",
            For::Owner,
            application::set_questions,
        )
        .takes::<SetQuestions>()
        .about("What whoever wants to join is asked; with no question they just join."),
        post(
            "/api/v1/invites/{code}/application",
            For::Person,
            application::apply,
        )
        .takes::<Apply>()
        .about("Apply to join the guild that an invitation leads to."),
        get("/api/v1/applications", For::Person, application::own)
            .gives::<OwnApplications>()
            .about("One's own applications that wait or were declined."),
        delete(
            "/api/v1/applications/{guild}",
            For::Person,
            application::withdraw,
        )
        .about("Take one's own application back."),
        get(
            "/api/v1/guilds/{guild}/applications",
            For::Owner,
            application::page,
        )
        .gives::<Applications>()
        .about("Applications that wait, by user id."),
        get(
            "/api/v1/guilds/{guild}/applications/{user}",
            For::Owner,
            application::applicant,
        )
        .gives::<Applicant>()
        .about("The device log of an applicant: whom an approval would let in."),
        post(
            "/api/v1/guilds/{guild}/applications/{user}/approve",
            For::Owner,
            application::approve,
        )
        .takes::<Approve>()
        .gives::<Appended>()
        .about("Let an applicant in, by a signed operation."),
        post(
            "/api/v1/guilds/{guild}/applications/{user}/decline",
            For::Owner,
            application::decline,
        )
        .takes::<Decline>()
        .about("Decline an application; the applicant reads why."),
    ]
}

fn log() -> Vec<Route> {
    vec![
        get("/api/v1/guilds/{guild}/audit", For::Owner, audit::page)
            .gives::<AuditPage>()
            .about("A page of the audit log."),
        get(
            "/api/v1/guilds/{guild}/audit/checkpoint",
            For::Member,
            audit::checkpoint,
        )
        .gives::<AuditProof>()
        .about("Where the audit log stands, signed, and how that follows from before."),
        post(
            "/api/v1/guilds/{guild}/audit/export",
            For::Owner,
            audit::export,
        )
        .about("The newest entries as CSV or JSON; the export is an entry itself."),
    ]
}

fn people() -> Vec<Route> {
    vec![
        get("/api/v1/relations", For::Person, relation::list)
            .gives::<Relations>()
            .about("Friends, muted and blocked people; who may begin a conversation."),
        put("/api/v1/relations/{user}", For::Person, relation::set)
            .takes::<SetRelation>()
            .about("Keep somebody as a friend, mute or block them. They are not told."),
        get("/api/v1/presences", For::Person, presence::list)
            .gives::<Presences>()
            .about("Who of those whom one may see is there."),
        post(
            "/api/v1/guilds/{guild}/presences",
            For::Member,
            presence::look_at,
        )
        .takes::<LookAt>()
        .gives::<Presences>()
        .about("Which of these members of a guild are there."),
        put("/api/v1/contact", For::Person, relation::set_contact)
            .takes::<SetContact>()
            .about("Say who may begin a conversation with one."),
    ]
}
