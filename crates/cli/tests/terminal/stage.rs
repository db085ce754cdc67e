//! A real server and real people at terminals: every step is the built binary, run as a person
//! or a script would run it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::tap::Tap;

pub const PASSWORD: &str = "correct horse battery";
/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

pub fn cloister() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloister"));
    command
        .env_remove("CLOISTER_PROFILE")
        .env_remove("CLOISTER_DATA")
        .env_remove("DATABASE_URL")
        .env_remove("RUST_LOG");
    command
}

/// Lines of a running program, as they come.
pub struct Lines(Receiver<String>);

impl Lines {
    fn of(stdout: ChildStdout) -> Lines {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Lines(lines)
    }

    pub fn next(&self) -> String {
        self.0
            .recv_timeout(PATIENCE)
            .expect("the program says another line")
    }

    pub fn next_json(&self) -> Value {
        serde_json::from_str(&self.next()).expect("a line of JSON")
    }

    /// Whether nothing more comes for a while.
    pub fn quiet(&self) -> bool {
        self.0.recv_timeout(Duration::from_millis(500)).is_err()
    }
}

/// A program that runs beside the test, ended with it.
pub struct Running {
    child: Child,
    pub lines: Lines,
}

impl Running {
    fn start(mut command: Command) -> Running {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = Lines::of(child.stdout.take().expect("stdout is piped"));
        Running { child, lines }
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the program ends")
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([format!("-{signal}"), self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it is running");
        self.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of one test and the server in it.
pub struct Stage {
    folder: TempDir,
    pub server: Option<Running>,
    pub url: String,
    pub pin: String,
    /// The rest of what the server said.
    pub set_up: Option<String>,
    /// More of the server's environment.
    environment: Vec<(String, String)>,
}

impl Stage {
    pub fn new() -> Stage {
        Stage::within(Vec::new())
    }

    /// A stage whose server has more in its environment.
    pub fn within(environment: Vec<(String, String)>) -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("password"), PASSWORD).expect("a file");
        let mut stage = Stage {
            folder,
            server: None,
            url: String::new(),
            pin: String::new(),
            set_up: None,
            environment,
        };
        stage.serve("127.0.0.1:0");
        stage
    }

    /// A stage whose operator is alice, signed in.
    pub fn with_alice() -> (Stage, Person) {
        Stage::new().and_alice()
    }

    /// From here on people reach the server through somebody who listens.
    pub fn tapped(mut self) -> (Stage, Tap) {
        let tap = Tap::before(&self.url, &self.data());
        self.url.clone_from(&tap.url);
        (self, tap)
    }

    pub fn and_alice(self) -> (Stage, Person) {
        let stage = self;
        stage.operator(
            &["user", "create", "alice", "--operator", "--json"],
            &["--password-file"],
        );
        let alice = stage.person("alice");
        alice.json(&stage.login_arguments("alice"));
        (stage, alice)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the server logs.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    pub fn password_file(&self) -> String {
        self.path("password")
    }

    pub fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    pub fn serve(&mut self, listen: &str) {
        let mut command = cloister();
        command
            .args(["serve", "--listen", listen, "--data"])
            .arg(self.data())
            .stderr(fs::File::create(self.log()).expect("a file"))
            .envs(self.environment.clone())
            // Hashing as strong as in earnest would be most of the test's time.
            .env("CLOISTER_PASSWORDS__MEMORY_KIB", "1024")
            .env("CLOISTER_PASSWORDS__PASSES", "1");
        let server = Running::start(command);
        let said = |line: String, what: &str| {
            let rest = line.strip_prefix(what).map(|rest| rest.trim().to_owned());
            rest.unwrap_or_else(|| panic!("{line:?} begins with {what:?}"))
        };
        self.url = said(server.lines.next(), "listening ");
        self.pin = said(server.lines.next(), "certificate ");
        let has_operator = self.folder.path().join("operator").exists();
        self.set_up = (!has_operator).then(|| said(server.lines.next(), "set-up "));
        self.server = Some(server);
    }

    /// Starts the server again at the address that people know.
    pub fn serve_again(&mut self) {
        let listen = self.url.trim_start_matches("https://").to_owned();
        self.serve(&listen);
    }

    /// A command of the operator; `with_password` names flags that take the password file.
    pub fn operator(&self, arguments: &[&str], with_password: &[&str]) -> Value {
        let mut command = cloister();
        command
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.clone());
        for flag in with_password {
            command.args([flag, self.password_file().as_str()]);
        }
        fs::write(self.folder.path().join("operator"), "").expect("a file");
        let said = Said::of(&mut command, None);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.stderr);
        said.json()
    }

    pub fn person(&self, name: &str) -> Person {
        Person {
            profile: self.folder.path().join(name),
        }
    }

    pub fn login_arguments(&self, name: &str) -> Vec<String> {
        let password = self.password_file();
        let parts = [
            "login",
            "--server",
            &self.url,
            "--trust",
            &self.pin,
            "--username",
            name,
        ];
        let mut arguments: Vec<String> = parts.map(Into::into).into();
        arguments.extend(["--password-file".into(), password]);
        arguments
    }

    pub fn register_arguments(&self, name: &str, invite: &str) -> Vec<String> {
        let mut arguments = self.login_arguments(name);
        arguments[0] = "register".into();
        arguments.extend(["--invite".into(), invite.to_owned()]);
        arguments
    }
}

/// Somebody with a profile of their own.
pub struct Person {
    pub profile: PathBuf,
}

impl Person {
    fn command(&self, arguments: &[impl AsRef<str>]) -> Command {
        let mut command = cloister();
        command.args(arguments.iter().map(AsRef::as_ref));
        command.arg("--profile").arg(&self.profile);
        command
    }

    pub fn run(&self, arguments: &[impl AsRef<str>]) -> Said {
        Said::of(&mut self.command(arguments), None)
    }

    pub fn run_with_stdin(&self, arguments: &[impl AsRef<str>], stdin: &str) -> Said {
        Said::of(&mut self.command(arguments), Some(stdin))
    }

    /// Runs something that must succeed, with `--json`, and gives its first line.
    pub fn json(&self, arguments: &[impl AsRef<str>]) -> Value {
        self.all(arguments).into_iter().next().unwrap_or_default()
    }

    /// All its lines.
    pub fn all(&self, arguments: &[impl AsRef<str>]) -> Vec<Value> {
        let said = Said::of(self.command(arguments).arg("--json"), None);
        let shown: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        assert_eq!(said.code, 0, "{shown:?}: {}", said.stderr);
        said.lines()
    }

    /// What is read of a channel: authors and texts.
    pub fn reads(&self, target: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.all(&["read", target])
            .iter()
            .map(|line| (text(&line["author"]), text(&line["body"])))
            .collect()
    }

    pub fn sends(&self, target: &str, text: &str) -> String {
        let sent = self.run(&["send", target, text]);
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        sent.stdout.trim().to_owned()
    }

    /// Starts something that asks one question after its first line, and answers it.
    pub fn answers(
        &self,
        arguments: &[impl AsRef<str>],
        answer: impl FnOnce(&Value) -> String,
    ) -> Vec<Value> {
        let mut command = self.command(arguments);
        command
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let lines = Lines::of(child.stdout.take().expect("stdout is piped"));
        let first = lines.next_json();
        let mut pipe = child.stdin.take().expect("stdin is piped");
        writeln!(pipe, "{}", answer(&first)).expect("it reads");
        drop(pipe);
        let second = lines.next_json();
        assert!(child.wait().expect("it ends").success());
        vec![first, second]
    }

    pub fn starts(&self, arguments: &[impl AsRef<str>]) -> Running {
        let mut command = self.command(arguments);
        command.arg("--json").stderr(Stdio::null());
        Running::start(command)
    }
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    fn of(command: &mut Command, stdin: Option<&str>) -> Said {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("stdin is piped");
        if let Some(text) = stdin {
            pipe.write_all(text.as_bytes()).expect("it reads");
        }
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        Said {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    pub fn lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).expect("a line of JSON");
        self.stdout.lines().map(parse).collect()
    }

    pub fn json(&self) -> Value {
        self.lines().into_iter().next().unwrap_or_default()
    }

    /// The code of a failure that was asked for in JSON.
    pub fn error(&self) -> String {
        let line = self.stderr.lines().last().unwrap_or_default();
        let object: Value = serde_json::from_str(line).unwrap_or_default();
        object["error"]["code"]
            .as_str()
            .unwrap_or(&self.stderr)
            .to_owned()
    }
}

/// Whether any file below `folder` holds `text` in the clear.
pub fn found_in_files(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder)
        .expect("a folder")
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .any(|path| {
            if path.is_dir() {
                return found_in_files(&path, text);
            }
            let Ok(bytes) = fs::read(&path) else {
                return false;
            };
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
}
