//! Running other programs, and saying what is done.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Tells the person at the terminal what happens now, in one plain sentence.
pub(crate) fn say(sentence: &str) {
    println!("==> {sentence}");
}

/// Runs a program that prints for itself; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program whose output matters only when it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        std::io::stderr().write_all(&output.stdout)?;
        std::io::stderr().write_all(&output.stderr)?;
        bail!("{} ended with {}", shown(command), output.status);
    }
    Ok(())
}

/// Runs a program and returns what it wrote to its standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no text", shown(command)))
}

/// Runs a program, shows its standard output line by line and returns it with how it ended.
pub(crate) fn show_and_keep(command: &mut Command) -> Result<(ExitStatus, String)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let pipe = child
        .stdout
        .take()
        .context("a piped program has no output")?;
    let mut kept = String::new();
    let mut lines = BufReader::new(pipe);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        std::io::stdout().write_all(&line)?;
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok((child.wait()?, kept))
}

/// True if the program can be started and ends well; says nothing either way.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Like [`succeeds`], but the program is ended when its time is over.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn() else {
        return false;
    };
    matches!(wait_at_most(&mut child, limit), Ok(Some(status)) if status.success())
}

/// How a program ended; none if its time was over before, and it was ended.
pub(crate) fn wait_at_most(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if Instant::now() < end => thread::sleep(Duration::from_millis(50)),
            None => {
                stop(child);
                return Ok(None);
            }
        }
    }
}

/// Ends a program at once and waits until it is gone.
pub(crate) fn stop(child: &mut Child) {
    // Both fail only if it has ended by itself, which is what we want.
    let _ = child.kill();
    let _ = child.wait();
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(text, " {}", argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_is_named_with_its_arguments() {
        let error = run(Command::new("false").arg("--really")).expect_err("false fails");
        assert!(
            error.to_string().starts_with("false --really ended with"),
            "{error}"
        );
    }

    #[test]
    fn what_a_program_prints_is_kept_with_how_it_ended() {
        let (status, output) =
            show_and_keep(Command::new("sh").args(["-c", "echo one; echo two; exit 3"]))
                .expect("sh");
        assert_eq!((status.code(), output.as_str()), (Some(3), "one\ntwo\n"));
    }

    #[test]
    fn a_program_that_never_ends_is_ended() {
        assert!(!succeeds_within(
            Command::new("sleep").arg("60"),
            Duration::from_millis(80)
        ));
        assert!(succeeds_within(
            &mut Command::new("true"),
            Duration::from_secs(20)
        ));
    }
}
