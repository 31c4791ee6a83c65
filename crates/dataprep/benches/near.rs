//! How long removing exact and near duplicates takes, and how much memory: short rows in Chinese and English, made from a seed,
//! a tenth of them copies of earlier ones and a tenth almost. Called by scripts/bench.sh near.
//!
//! `near [ROWS] [--prefix N --python PYTHON]` (1,000,000 rows by default). With a Python that has `datasketch`, the first N
//! rows (50,000) are also given to benches/datasketch_near.py, which says how long its sketches take and how far both agree.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a program for measuring may panic")]

use dataprep::{
    similar::hash,
    steps::{Item, Outcome, Source, apply},
};
use domain::{
    id::SampleId,
    sample::{Sample, Split},
    steps::{DataRecipe, ExactDuplicates, NearDuplicates, Reason, Step, StepsReport},
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

const SEED: u64 = 20;
/// What a million short rows may take on two cores.
const LIMIT_SECONDS: f64 = 180.0;
const LIMIT_MIB: f64 = 2048.0;

fn main() -> ExitCode {
    // `cargo bench` gives `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let after = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let rows = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(1_000_000);
    let prefix = after("--prefix").and_then(|n| n.parse().ok()).unwrap_or(50_000).min(rows);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench");
    std::fs::create_dir_all(&folder).unwrap();

    let whole = folder.join("near.jsonl");
    write_rows(&whole, rows);
    let (seconds, report, _) = deduplicated(&whole);
    let peak = peak_mib();
    let removed: Vec<u64> = report.steps.iter().map(|step| step.removed).collect();
    let megabytes = std::fs::metadata(&whole).unwrap().len() as f64 / 1e6;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{rows} rows, {megabytes:.1} MB, {cores} cores: {} copies and {} near copies removed",
        removed[0], removed[1]
    );
    println!("{seconds:.1} s, {:.0} rows/s, {peak:.0} MiB at most", rows as f64 / seconds);
    if rows == 1_000_000 {
        let told = |is_within| if is_within { "within" } else { "ABOVE" };
        println!(
            "{} the limit of {LIMIT_SECONDS} s, {} that of {LIMIT_MIB} MiB",
            told(seconds <= LIMIT_SECONDS),
            told(peak <= LIMIT_MIB)
        );
    }
    let Some(python) = after("--python") else { return ExitCode::SUCCESS };
    let part = folder.join("near-prefix.jsonl");
    write_rows(&part, prefix);
    let (seconds, _, links) = deduplicated(&part);
    let ours = folder.join("near-prefix.json");
    serde_json::to_writer(File::create(&ours).unwrap(), &serde_json::json!({ "seconds": seconds, "links": links }))
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/datasketch_near.py");
    let status = Command::new(python).args([script, part, ours]).status().expect("python starts");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Seconds, what was done, and of each removed sample which one stays for it.
fn deduplicated(path: &Path) -> (f64, StepsReport, Vec<(u32, u32)>) {
    let steps =
        vec![Step::ExactDuplicates(ExactDuplicates::default()), Step::NearDuplicates(NearDuplicates::default())];
    let mut links = Vec::new();
    let mut sink = |outcome| {
        if let Outcome::Removed(item) = outcome
            && let Some(Reason::Duplicate { of } | Reason::NearDuplicate { of, .. }) =
                item.changes.last().map(|c| &c.reason)
        {
            links.push((item.position, *of));
        }
        Ok(())
    };
    let begin = Instant::now();
    let mut lines = Lines(path.to_owned());
    let report = apply(&DataRecipe { steps }, &mut lines, &mut sink, &mut |_, _| ControlFlow::Continue(())).unwrap();
    (begin.elapsed().as_secs_f64(), report, links)
}

/// A file of samples, one JSON object a line.
struct Lines(PathBuf);

impl Source for Lines {
    fn read(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()> {
        for (i, line) in BufReader::with_capacity(1 << 18, File::open(&self.0)?).lines().enumerate() {
            let sample: Sample = serde_json::from_str(&line?)?;
            if each(Item::new(SampleId(i as i64), i as u32, Split::Train, sample)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Row by row, the longer file begins with the shorter one.
fn write_rows(path: &Path, rows: u64) {
    let mut file = BufWriter::with_capacity(1 << 18, File::create(path).unwrap());
    for row in 0..rows {
        let text = text(row);
        writeln!(
            file,
            r#"{{"messages":[{{"role":"user","content":"{text}"}},{{"role":"assistant","content":"ok"}}]}}"#
        )
        .unwrap();
    }
    file.into_inner().unwrap();
}

/// A tenth are copies of an earlier row, a tenth differ from one in a character or in what stands at the end.
fn text(row: u64) -> String {
    let earlier = hash([SEED, row, 1]) % row.max(1);
    match hash([SEED, row]) % 10 {
        0 if row > 0 => text_of_kind(earlier),
        1 if row > 0 => changed(&text_of_kind(earlier), row),
        _ => text_of_kind(row),
    }
}

/// A new text: half of the rows are Chinese.
fn text_of_kind(row: u64) -> String {
    let draw = |i: u64| hash([SEED, row, 2, i]);
    // Squares: some words and characters are much more frequent than others.
    let skewed = |i: u64, of: u64| ((draw(i) % of) * (draw(i + 1000) % of)) / of;
    if draw(0) % 2 == 0 {
        let han = |i| char::from_u32(0x4e00 + skewed(i, 3000) as u32).unwrap();
        (1..25 + draw(1) % 30).map(|i| if i % 14 == 13 { '，' } else { han(i) }).collect()
    } else {
        let words: Vec<String> = (2..12 + draw(1) % 12).map(|i| word(skewed(i, 30_000))).collect();
        words.join(" ")
    }
}

fn word(number: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "con", "de", "er", "fi", "ing", "lo", "men", "na", "or", "per", "re", "sta", "ti", "un", "ver"];
    let count = 2 + hash([SEED, number]) % 2;
    (0..count).map(|i| SYLLABLES[(hash([SEED, number, i]) % 16) as usize]).collect()
}

fn changed(text: &str, row: u64) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = hash([SEED, row, 3]) as usize % letters.len();
    match hash([SEED, row, 4]) % 3 {
        0 => letters[at] = if letters[at].is_ascii() { 'z' } else { '的' },
        1 => letters.extend([' ', 'z', 'z']),
        _ => letters.truncate(letters.len() - 2),
    }
    letters.into_iter().collect()
}

/// The most memory this process has had, by Linux's count.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}
