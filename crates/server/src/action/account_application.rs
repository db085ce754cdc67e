//! Applying for an account: somebody answers the instance's questions, and an operator decides. Who
//! is let in makes the account themself, with a password of their own, by a code that is good once.

use cloister_wire::{
    AccountApplicationId, ErrorCode, UserId,
    account::Registration,
    account_application::{
        ANSWER_CHARS, APPLICATIONS_PAGE, APPLICATIONS_WAITING, AccountApplication,
        AccountApplications, ApplicationDecision, ApplyForAccount, Approved, Handing,
        QUESTION_CHARS, QUESTIONS, REASON_CHARS,
    },
    application::Answer,
    security::SecurityEventKind,
};
use serde::{Deserialize, Serialize};

use super::{
    account::{Username, display_name, name_taken},
    email, mail, policy, security,
};
use crate::{
    Error, Result,
    access::{Anyone, Permit, Runs},
    app::Parts,
    limit::Window,
    mail::EmailAddress,
    store::{
        self,
        account_application::{Decided, NewAccountApplication, OfCode, Stored},
        db::Tx,
    },
    visitor::Visitor,
};

const DAY_MS: u64 = 24 * 60 * 60_000;
/// How long a code that lets somebody in is good: handed over, and by mail.
const CODE_MS: u64 = DAY_MS;
const MAILED_MS: u64 = 3 * DAY_MS;
/// What was said in an application is forgotten so long after it was decided, and then all of it.
const SAID_KEPT_MS: u64 = 30 * DAY_MS;
const KEPT_MS: u64 = 365 * DAY_MS;
/// Minutes of the window in which applications of an address are counted.
const APPLY_MINUTES: u64 = 5;
/// Characters of a code: 24 of 60 kinds are 141 bits.
const CODE_CHARS: usize = 24;
/// Without letters and digits that are taken for each other.
const KINDS: [&[u8]; 4] = [
    b"ABCDEFGHJKLMNPQRSTUVWXYZ",
    b"abcdefghijkmnopqrstuvwxyz",
    b"23456789",
    b"-_~",
];

/// What an applicant said.
#[derive(Serialize, Deserialize)]
struct Said {
    address: Option<String>,
    answers: Vec<(String, String)>,
}

/// Takes an application in.
pub fn apply(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    request: &ApplyForAccount,
    visitor: &Visitor,
) -> Result<()> {
    if policy::in_force(tx, parts, permit)?.registration != Registration::Application {
        return Err(Error::refuse(
            ErrorCode::RegistrationClosed,
            "This server takes no applications. Ask somebody there for an invitation.",
        ));
    }
    let username = Username::parse(&request.username)?;
    let name = display_name(&request.display_name)?;
    let address = request.address.as_deref().map(str::trim);
    let address = address.filter(|address| !address.is_empty());
    let address = address.map(EmailAddress::parse).transpose()?;
    let questions = store::account_application::get_questions(tx, permit)?;
    let answers = answers(&questions, &request.answers)?;
    let key = parts
        .keys
        .hash_secret("apply", visitor.network().as_bytes());
    let most = parts.config.limits.applications_per_address;
    let window = Window::per_minutes(most, APPLY_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    if store::account_application::count_waiting(tx, permit)? >= APPLICATIONS_WAITING {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "Too many people wait for an answer here. Come back in a few days.",
        ));
    }
    let id = tx.id(AccountApplicationId::new);
    let said = Said {
        address: address.map(|address| address.as_str().to_owned()),
        answers,
    };
    let sealed = seal(parts, id, &said)?;
    let application = NewAccountApplication {
        id,
        username: username.as_str(),
        display_name: &name,
        sealed: &sealed,
    };
    let taken = store::account::is_taken(tx, permit, username.as_str())?
        || store::account_application::is_reserved(tx, permit, username.as_str())?;
    if taken || !store::account_application::insert(tx, permit, &application)? {
        return Err(name_taken());
    }
    let kind = SecurityEventKind::Applied;
    security::note_of_instance(tx, permit, (kind, username.as_str()), visitor)
}

/// Each question with its answer.
fn answers(questions: &[String], given: &[String]) -> Result<Vec<(String, String)>> {
    if questions.len() != given.len() {
        return Err(Error::invalid(
            "The questions have changed. Look at them again.",
        ));
    }
    let fits = |answer: &&String| {
        let length = answer.trim().chars().count();
        (1..=ANSWER_CHARS).contains(&length) && !answer.contains('\0')
    };
    if given.iter().filter(fits).count() < given.len() {
        return Err(Error::invalid(
            "Answer each question, with 2,000 characters at most.",
        ));
    }
    let given = given.iter().map(|answer| answer.trim().to_owned());
    Ok(questions.iter().cloned().zip(given).collect())
}

/// Those that wait or were decided, newest first.
pub fn page<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    (decided, before): (bool, Option<AccountApplicationId>),
) -> Result<AccountApplications> {
    let before = before.unwrap_or(AccountApplicationId(uuid::Uuid::max()));
    let limit = APPLICATIONS_PAGE + 1;
    let mut found = store::account_application::page(tx, permit, decided, (before, limit))?;
    let end = found.len() <= APPLICATIONS_PAGE as usize;
    found.truncate(APPLICATIONS_PAGE as usize);
    let applications = found.into_iter().map(|stored| show(parts, stored));
    Ok(AccountApplications {
        applications: applications.collect::<Result<_>>()?,
        end,
        questions: store::account_application::get_questions(tx, permit)?,
        waiting: store::account_application::count_waiting(tx, permit)?,
    })
}

fn show(parts: &Parts, stored: Stored) -> Result<AccountApplication> {
    let said = open(parts, stored.id, stored.sealed.as_deref())?;
    let (address, answers) = said.map_or((None, Vec::new()), |said| (said.address, said.answers));
    let answers = answers
        .into_iter()
        .map(|(question, answer)| Answer { question, answer });
    Ok(AccountApplication {
        id: stored.id,
        username: stored.username,
        display_name: stored.display_name,
        created_at: stored.created_at,
        address,
        answers: answers.collect(),
        decision: stored.decision,
        decided_at: stored.decided_at,
        decided_by: stored.decided_by,
        decided_by_name: stored.decided_by_name,
        reason: stored.reason,
        used_at: stored.used_at,
    })
}

/// Lets somebody in, by a code that is mailed or that the operator hands over.
pub fn approve<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    (id, by): (AccountApplicationId, Handing),
    visitor: &Visitor,
) -> Result<Approved> {
    let stored = waiting(tx, permit, id)?;
    let code = draw_code(tx);
    let lives_ms = match by {
        Handing::Mail => MAILED_MS,
        Handing::Password => CODE_MS,
    };
    let decided = Decided {
        decision: ApplicationDecision::Approved,
        by: permit.operator(),
        reason: None,
        code: Some((hash(parts, &code), tx.now() + lives_ms)),
        mailed: by == Handing::Mail,
    };
    decide(tx, permit, &stored, &decided, visitor)?;
    let fragment = format!("{}.{code}", stored.username);
    if by == Handing::Password {
        let address = parts.config.address(parts.config.listen);
        return Ok(Approved {
            url: Some(format!("{address}/activate#{fragment}")),
            password: Some(code),
        });
    }
    email::must_be_on(parts)?;
    let to = address(parts, &stored)?.ok_or_else(|| {
        Error::invalid("This applicant gave no address. Hand them a one-time password.")
    })?;
    let letter = mail::house(parts).approved(&to, &stored.username, &fragment);
    mail::post(tx, parts, permit, &letter)?;
    Ok(Approved {
        url: None,
        password: None,
    })
}

/// Turns somebody away. Who gave an address is told why.
pub fn reject<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    (id, reason): (AccountApplicationId, &str),
    visitor: &Visitor,
) -> Result<()> {
    let reason = reason.trim();
    if reason.chars().count() > REASON_CHARS || reason.contains('\0') {
        return Err(Error::invalid("A reason has 500 characters at most."));
    }
    let stored = waiting(tx, permit, id)?;
    let decided = Decided {
        decision: ApplicationDecision::Rejected,
        by: permit.operator(),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        code: None,
        mailed: false,
    };
    decide(tx, permit, &stored, &decided, visitor)?;
    match address(parts, &stored)? {
        Some(to) if parts.config.mail.is_on() => {
            let letter = mail::house(parts).rejected(&to, &stored.username, reason);
            mail::post(tx, parts, permit, &letter)
        }
        _ => Ok(()),
    }
}

fn waiting<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    id: AccountApplicationId,
) -> Result<Stored> {
    let stored = store::account_application::get(tx, permit, id)?.ok_or_else(Error::not_found)?;
    match stored.decided_at {
        None => Ok(stored),
        Some(_) => Err(decided_already()),
    }
}

fn decided_already() -> Error {
    Error::refuse(
        ErrorCode::AlreadyResolved,
        "Somebody else has decided about this application.",
    )
}

fn decide<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    stored: &Stored,
    decided: &Decided<'_>,
    visitor: &Visitor,
) -> Result<()> {
    if !store::account_application::update_decided(tx, permit, stored.id, decided)? {
        return Err(decided_already());
    }
    let kind = match decided.decision {
        ApplicationDecision::Approved => SecurityEventKind::ApplicationApproved,
        ApplicationDecision::Rejected => SecurityEventKind::ApplicationRejected,
    };
    let about = stored.username.as_str();
    security::note_by_operator(tx, permit, permit.operator(), (kind, about), visitor)
}

/// Chooses what applicants are asked.
pub fn set_questions<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    questions: &[String],
    visitor: &Visitor,
) -> Result<()> {
    let questions: Vec<String> = questions.iter().map(|one| one.trim().to_owned()).collect();
    let fits =
        |one: &String| (1..=QUESTION_CHARS).contains(&one.chars().count()) && !one.contains('\0');
    if questions.len() > QUESTIONS || !questions.iter().all(fits) {
        return Err(Error::invalid(
            "At most 8 questions of 300 characters each.",
        ));
    }
    store::account_application::update_questions(tx, permit, &questions)?;
    let about = format!("{} questions", questions.len());
    let kind = SecurityEventKind::PolicyChanged;
    security::note_by_operator(tx, permit, permit.operator(), (kind, &about), visitor)
}

/// Whose code it is, if it is good and for this name.
pub(super) fn of_code(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (code, username): (&str, Option<&str>),
) -> Result<Option<OfCode>> {
    let found = store::account_application::get_by_code(tx, permit, &hash(parts, code.trim()))?;
    Ok(found.filter(|found| username.is_none_or(|name| name == found.username)))
}

/// Uses a code up. Who came by a mailed one reads mail at that address: it is theirs.
pub(super) fn activate(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (found, user): (&OfCode, UserId),
) -> Result<()> {
    store::account_application::update_used(tx, permit, found.id)?;
    if found.mailed_at.is_none() {
        return Ok(());
    }
    let said = open(parts, found.id, found.sealed.as_deref())?;
    match said.and_then(|said| said.address) {
        Some(address) => email::adopt(tx, parts, permit, user, &EmailAddress::parse(&address)?),
        None => Ok(()),
    }
}

/// Forgets what need not be kept.
pub fn prune(tx: &mut Tx<'_>, permit: &Permit<'_, crate::access::System>) -> Result<u64> {
    let now = tx.now();
    let (said, all) = (
        now.saturating_sub(SAID_KEPT_MS),
        now.saturating_sub(KEPT_MS),
    );
    store::account_application::delete_old(tx, permit, said, all)
}

/// Letters of all four kinds.
fn draw_code(tx: &Tx<'_>) -> String {
    let letters = KINDS.concat();
    loop {
        // A byte beyond the last whole round of letters would make some likelier than others.
        let whole = 256 - 256 % letters.len();
        let code: Vec<u8> = tx
            .random::<128>()
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < whole)
            .map(|byte| letters[byte % letters.len()])
            .take(CODE_CHARS)
            .collect();
        let has = |kind: &[u8]| code.iter().any(|letter| kind.contains(letter));
        if code.len() == CODE_CHARS && KINDS.iter().all(|kind| has(kind)) {
            return code.into_iter().map(char::from).collect();
        }
    }
}

fn hash(parts: &Parts, code: &str) -> cloister_wire::Hash {
    parts.keys.hash_secret("activation", code.as_bytes())
}

fn address(parts: &Parts, stored: &Stored) -> Result<Option<EmailAddress>> {
    let said = open(parts, stored.id, stored.sealed.as_deref())?;
    let address = said.and_then(|said| said.address);
    address.as_deref().map(EmailAddress::parse).transpose()
}

fn about(id: AccountApplicationId) -> Vec<u8> {
    [id.as_bytes().as_slice(), b"application"].concat()
}

fn seal(parts: &Parts, id: AccountApplicationId, said: &Said) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(said).map_err(Error::internal)?;
    parts.keys.seal(&parts.env, &about(id), &text)
}

fn open(parts: &Parts, id: AccountApplicationId, sealed: Option<&[u8]>) -> Result<Option<Said>> {
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let text = parts.keys.open_sealed(&about(id), sealed)?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(Error::internal)
}
