//! Secrets come from a file, from stdin or from a prompt; never from an argument, where every
//! user of the machine could read them.

use std::{
    fs,
    io::{self, BufRead},
    path::Path,
};

use crate::{failure::Failure, print::Print};

/// How often a new password must be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    Once,
    Twice,
}

/// The first line of a file (`-`: of stdin), or what is typed at the prompt.
pub(crate) fn read(file: Option<&Path>, prompt: &str, typed: Typed) -> Result<String, Failure> {
    let Some(file) = file else {
        return ask(prompt, typed);
    };
    let secret = if file == Path::new("-") {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        line
    } else {
        let text = fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("{}: {error}.", file.display())))?;
        text.lines().next().unwrap_or_default().to_owned()
    };
    match secret.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::usage(format!("{} is empty.", file.display()))),
        secret => Ok(secret.to_owned()),
    }
}

/// What is not hidden when it is typed: a code that opens once. Also from stdin that is no
/// terminal, a line.
pub(crate) fn read_line(prompt: &str) -> Result<String, Failure> {
    if Print::can_ask() {
        eprint!("{prompt}: ");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    match line.trim() {
        "" => Err(Failure::usage(format!("{prompt}: nothing was given."))),
        code => Ok(code.to_owned()),
    }
}

fn ask(prompt: &str, typed: Typed) -> Result<String, Failure> {
    if !Print::can_ask() {
        return Err(
            Failure::usage("The password is asked for on a terminal, and there is none.")
                .next("Give --password-file FILE, or - to read it from stdin."),
        );
    }
    let secret = rpassword::prompt_password(format!("{prompt}: "))?;
    if typed == Typed::Twice && rpassword::prompt_password(format!("{prompt}, again: "))? != secret
    {
        return Err(Failure::usage("The two are not the same."));
    }
    Ok(secret)
}
