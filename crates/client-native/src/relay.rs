//! Many programs, one store.
//!
//! A store has one writer. The first program that opens a profile runs the engine and listens on
//! `relay.sock` in the profile's folder, which only this user of the machine may enter; a program
//! that comes later passes its commands and queries to it, and hears its topics. When the first
//! one ends, one of the others takes its place.
//!
//! Both sides speak lines of JSON. `Taken` is said before a command is begun, so that a program
//! whose partner is suddenly gone knows whether asking again could do a thing twice.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloister_client::view::{Command, Query, Topic};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinSet,
};

use crate::shell::{CommandOutcome, Gone, QueryOutcome, Shell};

/// How long the partner may take to say that it has begun.
const TAKEN_MS: u64 = 10_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    Command(Command),
    Query(Query),
    /// Which certificate was refused last.
    Refused,
    /// Answered once no request is on its way.
    Settle,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Command(CommandOutcome),
    Query(QueryOutcome),
    Refused(Option<String>),
    Settled,
}

#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    id: u64,
    ask: Ask,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on its way to a socket"
)]
enum Told {
    Taken { id: u64 },
    Answer { id: u64, answer: Answer },
    Topic(Topic),
}

/// Answers from the engine in this process.
pub(crate) async fn ask(shell: &Shell, ask: Ask) -> Result<Answer, Gone> {
    Ok(match ask {
        Ask::Command(command) => Answer::Command(shell.command(command).await?),
        Ask::Query(query) => Answer::Query(shell.query(query).await?),
        Ask::Settle => {
            shell.settle().await?;
            Answer::Settled
        }
        Ask::Refused => Answer::Refused(shell.refused().get().map(|pin| pin.to_string())),
    })
}

/// The listening side, in the program that runs the engine.
#[derive(Debug)]
pub(crate) struct Host {
    path: PathBuf,
    closing: watch::Sender<bool>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Host {
    /// Takes the place of a socket that an earlier program may have left. The caller holds the
    /// profile's lock.
    pub(crate) fn start(
        path: &Path,
        shell: Arc<Shell>,
        topics: broadcast::Sender<Topic>,
    ) -> io::Result<Host> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(short(path)?.path())?;
        let (closing, closed) = watch::channel(false);
        let task = tokio::spawn(listen(listener, shell, topics, closed));
        Ok(Host {
            path: path.to_owned(),
            closing,
            task: Some(task),
        })
    }

    /// Takes no more, finishes what was taken, and hangs up.
    pub(crate) async fn end(&mut self) {
        // Still under the lock: nobody else's socket can be there yet.
        if self.task.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = self.closing.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

async fn listen(
    listener: UnixListener,
    shell: Arc<Shell>,
    topics: broadcast::Sender<Topic>,
    mut closed: watch::Receiver<bool>,
) {
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    guests.spawn(serve(stream, shell.clone(), topics.subscribe(), closed.clone()));
                }
                Err(error) => tracing::warn!(%error, "another program could not be served"),
            },
            () = over(&mut closed) => break,
        }
        while guests.try_join_next().is_some() {}
    }
    drop(listener);
    while guests.join_next().await.is_some() {}
}

/// Waits until the listening side ends.
async fn over(closed: &mut watch::Receiver<bool>) {
    let _ = closed.wait_for(|closing| *closing).await;
}

async fn serve(
    stream: UnixStream,
    shell: Arc<Shell>,
    mut topics: broadcast::Receiver<Topic>,
    mut closed: watch::Receiver<bool>,
) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut work = JoinSet::new();
    loop {
        let line = tokio::select! {
            line = read::<Asked>(&mut lines) => match line {
                Some(asked) => {
                    let (tell, shell) = (tell.clone(), shell.clone());
                    work.spawn(async move {
                        let id = asked.id;
                        if let Ok(answer) = ask(&shell, asked.ask).await {
                            let _ = tell.send(Told::Answer { id, answer });
                        }
                    });
                    Told::Taken { id: asked.id }
                }
                None => break,
            },
            Some(line) = told.recv() => line,
            topic = topics.recv() => match topic {
                Ok(topic) => Told::Topic(topic),
                // Some were missed: the guest looks at everything again.
                Err(broadcast::error::RecvError::Lagged(_)) => Told::Topic(Topic::Session),
                Err(broadcast::error::RecvError::Closed) => break,
            },
            () = over(&mut closed) => break,
        };
        if write(&mut writer, &line).await.is_err() {
            break;
        }
    }
    while work.join_next().await.is_some() {}
    drop(tell);
    while let Some(line) = told.recv().await {
        if write(&mut writer, &line).await.is_err() {
            break;
        }
    }
}

/// The asking side, in a program that came later.
#[derive(Debug)]
pub(crate) struct Guest {
    outbox: mpsc::UnboundedSender<Asked>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    last_id: u64,
    over: bool,
    asked: HashMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    taken: Option<oneshot::Sender<()>>,
    answer: oneshot::Sender<Answer>,
}

/// Why a guest got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It was not begun: asking somebody else is safe.
    BeforeTaken,
    /// It was begun; whether it took effect is not known.
    AfterTaken,
}

impl Guest {
    pub(crate) async fn join(path: &Path, topics: broadcast::Sender<Topic>) -> io::Result<Guest> {
        let stream = UnixStream::connect(short(path)?.path()).await?;
        let (reader, writer) = stream.into_split();
        let (outbox, queue) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        tokio::spawn(pass(writer, queue));
        tokio::spawn(hear(reader, waiting.clone(), topics));
        Ok(Guest { outbox, waiting })
    }

    pub(crate) fn over(&self) -> bool {
        lock(&self.waiting).over
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Result<Answer, Lost> {
        let (taken, begun) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut waiting = lock(&self.waiting);
            if waiting.over {
                return Err(Lost::BeforeTaken);
            }
            waiting.last_id += 1;
            let id = waiting.last_id;
            let taken = Some(taken);
            waiting.asked.insert(id, Pending { taken, answer });
            id
        };
        self.outbox
            .send(Asked { id, ask })
            .map_err(|_| Lost::BeforeTaken)?;
        match tokio::time::timeout(Duration::from_millis(TAKEN_MS), begun).await {
            Ok(Ok(())) => answered.await.map_err(|_| Lost::AfterTaken),
            Ok(Err(_)) => Err(Lost::BeforeTaken),
            // It hangs; it may still begin.
            Err(_) => Err(Lost::AfterTaken),
        }
    }
}

async fn pass(mut writer: OwnedWriteHalf, mut queue: mpsc::UnboundedReceiver<Asked>) {
    while let Some(asked) = queue.recv().await {
        if write(&mut writer, &asked).await.is_err() {
            break;
        }
    }
}

async fn hear(
    reader: OwnedReadHalf,
    waiting: Arc<Mutex<Waiting>>,
    topics: broadcast::Sender<Topic>,
) {
    let mut lines = BufReader::new(reader).lines();
    while let Some(told) = read::<Told>(&mut lines).await {
        match told {
            Told::Taken { id } => {
                let taken = lock(&waiting)
                    .asked
                    .get_mut(&id)
                    .and_then(|pending| pending.taken.take());
                let _ = taken.map(|taken| taken.send(()));
            }
            Told::Answer { id, answer } => {
                let pending = lock(&waiting).asked.remove(&id);
                if let Some(pending) = pending {
                    let _ = pending.answer.send(answer);
                }
            }
            Told::Topic(topic) => drop(topics.send(topic)),
        }
    }
    {
        let mut waiting = lock(&waiting);
        waiting.over = true;
        waiting.asked.clear();
    }
    // Whoever only listens asks something now, and so finds the next engine.
    let _ = topics.send(Topic::Session);
}

fn lock(waiting: &Mutex<Waiting>) -> std::sync::MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next line that can be understood; nothing when the other side is gone or talks nonsense.
async fn read<T: DeserializeOwned>(lines: &mut Lines<BufReader<OwnedReadHalf>>) -> Option<T> {
    let line = lines.next_line().await.ok().flatten()?;
    serde_json::from_str(&line)
        .inspect_err(|error| tracing::warn!(%error, "the other program talks another version"))
        .ok()
}

async fn write(writer: &mut OwnedWriteHalf, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    writer.write_all(&text).await
}

/// A path that fits into a socket's address (108 bytes), whatever the profile's folder is called.
struct Short {
    path: PathBuf,
    /// Keeps the folder's descriptor alive while `path` goes through it.
    _folder: Option<std::fs::File>,
}

impl Short {
    fn path(&self) -> &Path {
        &self.path
    }
}

fn short(path: &Path) -> io::Result<Short> {
    const LONGEST: usize = 100;
    let too_long = path.as_os_str().len() > LONGEST;
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if too_long && cfg!(target_os = "linux") => {
            let folder = std::fs::File::open(parent)?;
            let descriptor = std::os::fd::AsRawFd::as_raw_fd(&folder);
            Ok(Short {
                path: Path::new("/proc/self/fd")
                    .join(descriptor.to_string())
                    .join(name),
                _folder: Some(folder),
            })
        }
        _ => Ok(Short {
            path: path.to_owned(),
            _folder: None,
        }),
    }
}
