//! What is reported: one figure a line, and on which machine it was measured.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use serde_json::{Map, Value, json};

/// One measured number, with whatever helps to judge it.
#[derive(Debug)]
pub(crate) struct Figure {
    bench: String,
    value: f64,
    unit: &'static str,
    more: Map<String, Value>,
}

impl Figure {
    pub(crate) fn new(bench: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            bench: bench.into(),
            value: rounded(value),
            unit,
            more: Map::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The value should be at most this.
    pub(crate) fn at_most(self, target: f64) -> Self {
        let met = self.value <= target;
        self.with("target", target).with("target_met", met)
    }

    /// The value should be at least this.
    pub(crate) fn at_least(self, target: f64) -> Self {
        let met = self.value >= target;
        self.with("target", target).with("target_met", met)
    }

    /// Median and 99th percentile in milliseconds.
    pub(crate) fn latency(self, times: &mut [Duration]) -> Self {
        self.with("p50_ms", percentile_ms(times, 50))
            .with("p99_ms", percentile_ms(times, 99))
    }
}

/// The value that `percent` of the times do not exceed (nearest rank), in milliseconds.
pub(crate) fn percentile_ms(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    let time = times.get(rank - 1).copied().unwrap_or_default();
    rounded(time.as_secs_f64() * 1_000.0)
}

/// A count as a number to divide.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is counted here is far below 2^52"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// Three digits that mean something are enough.
fn rounded(value: f64) -> f64 {
    let digits = if value.abs() >= 1_000.0 { 0 } else { 2 };
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// How figures are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    Json,
    Table,
}

/// Prints each figure as soon as it is known, and remembers it for ratios.
#[derive(Debug)]
pub(crate) struct Report {
    form: Form,
    known: Vec<(String, f64)>,
}

impl Report {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            form,
            known: Vec::new(),
        }
    }

    pub(crate) fn machine(&self, machine: &Map<String, Value>) {
        match self.form {
            Form::Json => println!("{}", json!({ "machine": machine })),
            Form::Table => println!("machine: {}\n", listed(machine)),
        }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        match self.form {
            Form::Json => {
                let mut line = Map::new();
                line.insert("bench".to_owned(), figure.bench.as_str().into());
                line.insert("value".to_owned(), figure.value.into());
                line.insert("unit".to_owned(), figure.unit.into());
                line.extend(figure.more);
                println!("{}", Value::Object(line));
            }
            Form::Table => {
                let more = listed(&figure.more);
                println!(
                    "{:<30} {:>10} {:<14} {more}",
                    figure.bench, figure.value, figure.unit
                );
            }
        }
        self.known.push((figure.bench, figure.value));
    }

    /// How many times as large one figure is as another, if both were measured in this run.
    pub(crate) fn ratio(&mut self, name: &str, of: &str, to: &str) {
        let find = |wanted: &str| {
            let found = self.known.iter().find(|(bench, _)| bench == wanted);
            found.map(|(_, value)| *value).filter(|value| *value > 0.0)
        };
        if let Some((of, to)) = find(of).zip(find(to)) {
            self.add(Figure::new(name, of / to, "times"));
        }
    }
}

fn listed(values: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in values {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let gap = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{gap}{name} {value}");
    }
    text
}

/// The machine, how busy it was before we came, and the disk under `folder`.
pub(crate) fn machine(folder: &Path) -> Map<String, Value> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model)
        .to_owned();
    let memory_kib = kib_of(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0);
    let load: f64 = read("/proc/loadavg")
        .split(' ')
        .next()
        .and_then(|load| load.parse().ok())
        .unwrap_or(0.0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut machine = Map::new();
    machine.insert("cores".to_owned(), cores.into());
    machine.insert("processor".to_owned(), model.into());
    machine.insert("memory_mib".to_owned(), (memory_kib / 1024).into());
    machine.insert(
        "kernel".to_owned(),
        read("/proc/sys/kernel/osrelease").trim().into(),
    );
    machine.insert(
        "disk".to_owned(),
        filesystem(&read("/proc/mounts"), folder).into(),
    );
    machine.insert("load_before".to_owned(), load.into());
    machine
}

/// The number of a line like `VmRSS:  1234 kB`.
pub(crate) fn kib_of(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))?
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .ok()
}

/// Processor time in `/proc/PID/stat`. Linux shows it in hundredths of a second to every program.
pub(crate) fn cpu_seconds_of(stat: &str) -> Option<f64> {
    const TICKS_PER_S: f64 = 100.0;
    // The program's name, which may hold blanks, ends with the last parenthesis.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(real(user + system) / TICKS_PER_S)
}

/// The kind of file system that a folder lies on.
fn filesystem(mounts: &str, folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(point, _)| folder.starts_with(point))
        .max_by_key(|(point, _)| point.len())
        .map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile_ms(&mut times, 50).to_string(), "100");
        assert_eq!(percentile_ms(&mut times, 99).to_string(), "198");
        let mut one = [Duration::from_millis(7)];
        assert_eq!(percentile_ms(&mut one, 50).to_string(), "7");
    }

    #[test]
    fn a_folder_lies_on_its_nearest_mount() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /nowhere tmpfs rw 0 0\n";
        assert_eq!(filesystem(mounts, Path::new("/nowhere/deep")), "tmpfs");
        assert_eq!(filesystem(mounts, Path::new("/else")), "ext4");
    }

    #[test]
    fn processor_time_is_user_and_system_time() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 4 0 7";
        assert_eq!(cpu_seconds_of(stat), Some(2.0));
        assert_eq!(cpu_seconds_of("42 (short)"), None);
    }

    #[test]
    fn resident_memory_is_read_from_its_line() {
        let status = "VmPeak:\t  99 kB\nVmRSS:\t  1234 kB\n";
        assert_eq!(kib_of(status, "VmRSS:"), Some(1234));
        assert_eq!(kib_of(status, "VmSwap:"), None);
    }
}
