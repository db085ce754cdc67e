//! What a person asks for, handed to the flow that does it.

use cloister_e2ee::Primitives;
use cloister_proof::{devlog::RevokeReason, policy::HistoryRule};
use cloister_wire::{ErrorCode, report::KeepReport, security::SecondFactor};

use crate::{
    core::{Outcome, Shared, refuse},
    flow::{
        account, application, audience, backup, connect, device, govern, group, guild, history,
        incoming, invite, notice, operate, own, pin, poll, presence, reading, recovery, report,
        say, schedule, search, security, thread, typing, verify, ways,
    },
    view::{Command, CommandReply, EarlierMessages, Topic},
};

/// How long "later" puts off the recovery key.
const LATER_MS: u64 = 24 * 3_600_000;
/// Name of whatever makes, opens or ends an account.
const ACCOUNT: &str = "account";

pub(crate) fn begin<P: Primitives>(shared: &Shared<P>, id: u64, command: Command) {
    let shared = shared.clone();
    shared.clone().spawn(async move {
        let outcome = carry_out(&shared, command).await;
        shared.core().answer(id, outcome);
    });
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each command, most of them one line"
)]
async fn carry_out<P: Primitives>(shared: &Shared<P>, command: Command) -> Outcome {
    match command {
        Command::Preview { invite } => account::look(shared, invite).await,
        Command::Register {
            set_up_token,
            invite,
            activation,
            username,
            display_name,
            password,
            device_name,
        } => {
            let new = account::NewAccount {
                set_up_token,
                invite,
                activation,
                username,
                display_name,
                password,
                device_name,
            };
            alone(shared, account::register(shared, new)).await
        }
        Command::SignIn {
            username,
            password,
            code,
            device_name,
            recovery_key,
        } => {
            let typed = account::Credentials {
                username,
                password,
                second: code.map(|code| SecondFactor::Code { code }),
                device_name,
                recovery_key,
            };
            alone(shared, account::sign_in(shared, typed)).await
        }
        Command::StartOver {
            password,
            code,
            device_name,
        } => {
            let second = code.map(|code| SecondFactor::Code { code });
            let begin = account::start_over(shared, password, second, device_name);
            alone(shared, begin).await
        }
        Command::Reenrol {
            password,
            code,
            device_name,
        } => {
            let second = code.map(|code| SecondFactor::Code { code });
            let begin = account::reenrol(shared, password, second, device_name);
            alone(shared, begin).await
        }
        Command::SignOut { anyway } => alone(shared, account::sign_out(shared, anyway)).await,
        Command::CreateGuild { name } => guild::create(shared, name).await,
        Command::LeaveGuild { guild } => guild::leave(shared, guild).await,
        Command::DeleteGuild { guild } => guild::delete(shared, guild).await,
        Command::CreateChannel {
            guild,
            name,
            readers,
            continues,
        } => guild::create_channel(shared, guild, name, readers, continues).await,
        Command::SetReaders { channel, users } => guild::set_readers(shared, channel, users).await,
        Command::SetHistory { channel, rule } => {
            let rule = match rule {
                EarlierMessages::Kept => HistoryRule::None,
                EarlierMessages::Shared => HistoryRule::Shared,
            };
            history::set_rule(shared, channel, rule).await
        }
        Command::AcceptFork { channel } => incoming::transcript::accept(shared, channel),
        Command::AskHistory { channel } => history::ask(shared, channel).await,
        Command::CreateGroup { users, name } => group::create(shared, users, name).await,
        Command::AddToGroup { channel, user } => group::add(shared, channel, user).await,
        Command::RemoveFromGroup { channel, user } => group::remove(shared, channel, user).await,
        Command::HandOverGroup { channel, user } => group::hand_over(shared, channel, user).await,
        Command::LeaveGroup { channel } => group::leave(shared, channel).await,
        Command::RenameGroup { channel, name } => group::rename(shared, channel, &name),
        Command::JoinGuild { invite } => invite::join(shared, &invite).await,
        Command::Apply { invite, answers } => application::apply(shared, &invite, answers).await,
        Command::Withdraw { guild } => application::withdraw(shared, guild).await,
        Command::Applications => application::own(shared).await,
        Command::CreateInvite {
            guild,
            uses,
            expires_in_s,
            membership,
        } => invite::create(shared, guild, uses, expires_in_s, membership).await,
        Command::EndInvite { guild, code } => invite::end(shared, guild, code).await,
        Command::Vouch { guild, user } => guild::vouch(shared, guild, user).await,
        Command::Govern { guild, act } => govern::act(shared, guild, act).await,
        Command::Ask { guild, question } => govern::ask(shared, guild, question).await,
        Command::Relations => govern::relations(shared).await,
        Command::Relate { user, relation } => govern::relate(shared, user, relation).await,
        Command::SetContact { who } => govern::set_contact(shared, who).await,
        Command::AnswerRequest { channel, answer } => {
            govern::answer_request(shared, channel, answer).await
        }
        Command::OpenDm { user } => guild::open_dm(shared, user).await,
        Command::Send { channel, body } => say::send(shared, channel, &body),
        Command::Reply { message, body } => say::reply(shared, message, &body),
        Command::SendFleeting {
            channel,
            body,
            reply,
            ttl_s,
        } => say::send_fleeting(shared, channel, &body, reply, ttl_s),
        Command::SendInThread {
            thread,
            body,
            reply,
            ttl_s,
        } => thread::send(shared, thread, &body, reply, ttl_s),
        Command::MarkThreadRead { thread, seq } => thread::mark(shared, thread, seq),
        Command::SetThread { thread, state } => thread::set(shared, thread, state).await,
        Command::FollowThread { thread, follow } => thread::follow(shared, thread, follow).await,
        Command::LoadThread { thread, before } => thread::load(shared, thread, before).await,
        Command::LoadThreads {
            channel,
            state,
            before,
        } => thread::load_list(shared, channel, state, before).await,
        Command::SaveThreadDraft { thread, body } => thread::keep_draft(shared, thread, &body),
        Command::Edit { message, body } => say::edit(shared, message, &body),
        Command::Forward { message, channel } => say::forward(shared, message, channel),
        Command::Poll {
            channel,
            question,
            options,
            many,
            ends_in_s,
        } => {
            let asked = poll::Question {
                text: question,
                options,
                many: u8::from(many),
                ends_in_s,
            };
            poll::ask(shared, channel, asked)
        }
        Command::Vote { message, choices } => poll::vote(shared, message, choices),
        Command::React { message, emoji } => say::react(shared, message, &emoji),
        Command::Unreact { message, emoji } => say::unreact(shared, message, &emoji),
        Command::Pin { message } => pin::pin(shared, message).await,
        Command::Unpin { message } => pin::unpin(shared, message).await,
        Command::Delete { messages } => say::delete(shared, &messages).await,
        Command::Retry { entry } => say::retry(shared, &entry),
        Command::Drop { entry } => say::give_up(shared, &entry),
        Command::MarkRead { channel, seq } => reading::mark(shared, channel, seq),
        Command::MarkAllRead { guild } => reading::mark_all(shared, guild),
        Command::Typing { channel } => typing::tell(shared, channel),
        Command::NoteActivity { active } => presence::note(shared, active),
        Command::SetStatus {
            availability,
            text,
            for_s,
        } => presence::set(shared, availability, text, for_s).await,
        Command::SetNotice { about, level } => notice::set_level(shared, about, level).await,
        Command::Mute { about, for_s } => notice::mute(shared, about, for_s).await,
        Command::SetKeywords { words } => notice::set_keywords(shared, words).await,
        Command::Schedule {
            channel,
            body,
            after_s,
        } => schedule::schedule(shared, channel, &body, after_s),
        Command::Reschedule {
            entry,
            body,
            after_s,
        } => schedule::change(shared, &entry, &body, after_s),
        Command::Unschedule { entry } => schedule::cancel(shared, &entry),
        Command::LoadPresences => presence::load(shared).await,
        Command::LookAt { guild, users } => presence::look_at(shared, guild, users).await,
        Command::LoadHistory { channel, .. } if audience::has_no_place(shared, channel)? => {
            Err(audience::waits())
        }
        Command::LoadHistory {
            channel,
            before: None,
        } => incoming::load_newest(shared, channel).await,
        Command::LoadHistory {
            channel,
            before: Some(_),
        } => incoming::load_older(shared, channel).await,
        Command::SaveDraft { channel, body } => {
            own::keep_draft(shared, channel, &body)?;
            shared.core().tell(Topic::Channel { channel });
            Ok(CommandReply::Done)
        }
        Command::ApproveDevice { code } => device::approve(shared, &code).await,
        Command::RevokeDevice { device, also } => {
            device::revoke(shared, device, also, RevokeReason::Lost).await
        }
        Command::CompareDevice { device } => verify::compare_device(shared, device).await,
        Command::Compare { user } => verify::compare(shared, user).await,
        Command::AcceptComparison { id } => verify::accept_comparison(shared, &id).await,
        Command::JudgeComparison { id, same } => verify::judge(shared, &id, same),
        Command::EndComparison { id } => verify::end(shared, &id),
        Command::ReadCode { user, code } => verify::read_code(shared, user, &code).await,
        Command::NumberMatches { user, number } => verify::number_matches(shared, user, &number),
        Command::AcceptKeys { user } => verify::accept(shared, user).await,
        Command::RenameDevice { device, name } => device::rename(shared, device, &name).await,
        Command::RecoveryKept => {
            let mut core = shared.core();
            core.store.forget("recovery")?;
            core.tell(Topic::Recovery);
            Ok(CommandReply::Done)
        }
        Command::RecoveryLater => {
            let mut core = shared.core();
            if let Some(mut recovery) = core.store.recovery()? {
                recovery.later_until = core.now + LATER_MS;
                core.store.put_recovery(&recovery)?;
            }
            core.tell(Topic::Recovery);
            Ok(CommandReply::Done)
        }
        Command::AddPasskey {
            credential,
            secret,
            name,
        } => ways::add_passkey(shared, &credential, &secret, &name).await,
        Command::RemoveWay { id } => ways::remove(shared, &id).await,
        Command::UnlockWithPasskey { credential, secret } => {
            alone(
                shared,
                ways::unlock_with_passkey(shared, &credential, &secret),
            )
            .await
        }
        Command::UnlockWithRecoveryKey { recovery_key } => {
            alone(
                shared,
                ways::unlock_with_recovery_key(shared, &recovery_key),
            )
            .await
        }
        Command::UnlockWithPassphrase { words } => {
            alone(shared, ways::unlock_with_passphrase(shared, &words)).await
        }
        Command::MakePassphrase => ways::make_passphrase(shared).await,
        Command::ReplaceRecovery { recovery_key } => {
            recovery::replace(shared, recovery_key.as_deref()).await
        }
        Command::ProposeRecovery => recovery::propose(shared).await,
        Command::CancelRecovery => recovery::cancel(shared).await,
        Command::BackUp => {
            backup::save_all(shared).await?;
            Ok(CommandReply::Done)
        }
        Command::Reconnect => {
            connect::hurry(shared);
            Ok(CommandReply::Done)
        }
        Command::Account { act } => security::act(shared, act).await,
        Command::Operate { act } => operate::act(shared, act).await,
        Command::BringOlder { channel } => search::bring_older(shared, channel),
        Command::Report {
            messages,
            to,
            reason,
            note,
        } => {
            let choice = report::Choice {
                messages,
                to,
                reason,
                note,
            };
            report::report(shared, choice).await
        }
        Command::LoadReports { of, open, before } => report::load(shared, of, open, before).await,
        Command::KeepReport {
            of,
            report,
            claim,
            finding,
        } => report::keep(shared, of, report, KeepReport { claim, finding }).await,
        Command::ResolveReport {
            of,
            report,
            resolution,
        } => report::resolve(shared, of, report, resolution).await,
        Command::StopBringing => search::stop_bringing(shared),
    }
}

/// These change whose store this is: one at a time.
async fn alone<P: Primitives>(shared: &Shared<P>, flow: impl Future<Output = Outcome>) -> Outcome {
    if !shared.core().running.insert(ACCOUNT.to_owned()) {
        return Err(refuse(
            ErrorCode::Invalid,
            "Signing in or out is under way here already. Wait for it.",
        ));
    }
    let outcome = flow.await;
    shared.core().running.remove(ACCOUNT);
    outcome
}
