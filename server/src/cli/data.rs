//! `server data`: the steps of data recipes on a file, for scripts and for those who have no server.

use anyhow::{Context, bail};
use clap::Subcommand;
use dataprep::{
    HEAD_BYTES,
    encoding::TextReader,
    mapping,
    rows::{ReadError, first_rows},
    scores::Scores,
    steps::{Item, Outcome, Source, apply_with},
    syntax,
};
use domain::{
    dataset::{FileSyntax, Mapping, SplitPlan},
    id::SampleId,
    sample::Split,
    steps::{DataRecipe, Step, StepsReport},
};
use std::{
    fs::File,
    io::{self, BufReader, IsTerminal, Read, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows from which the mapping is guessed.
const GUESS_ROWS: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// List the steps that a data recipe can have, with their settings and defaults, as TOML.
    Steps,
    /// Do a data recipe on a file.
    ///
    /// Every sample counts as training data, unless --split divides them as an import would.
    Apply {
        /// The data recipe (TOML).
        #[arg(long)]
        recipe: PathBuf,
        /// JSON Lines, JSON or CSV.
        #[arg(long = "in")]
        input: PathBuf,
        /// Where the samples that stay are written, as JSON Lines. Left out: only the report is made.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Where counts, examples and groups of copies are written, as JSON.
        #[arg(long)]
        report: Option<PathBuf>,
        /// Divide by content as an import does, so that held-out samples are treated as such.
        #[arg(long)]
        split: bool,
        /// What `trainer score` said of the lines of --in, for the steps that need it.
        #[arg(long)]
        scores: Option<PathBuf>,
    },
}

impl DataCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Steps => {
                print!("{}", DataRecipe { steps: Step::all() }.to_toml());
                Ok(())
            }
            Self::Apply { recipe, input, out, report, split, scores } => {
                let text = std::fs::read_to_string(&recipe)
                    .with_context(|| format!("failed to read the recipe {}", recipe.display()))?;
                let recipe = DataRecipe::from_toml(&text).with_context(|| recipe.display().to_string())?;
                let mut source = FileSource::open(&input, split)?;
                let scores = scores.as_deref().map(read_scores).transpose()?;
                let done = clean(&recipe, scores.as_ref(), &mut source, out.as_deref())?;
                print_counts(&done);
                if let Some(path) = report {
                    write_whole(&path, |file| Ok(serde_json::to_writer_pretty(file, &done)?))?;
                }
                Ok(())
            }
        }
    }
}

fn read_scores(path: &Path) -> anyhow::Result<Arc<Scores>> {
    let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let scores = Scores::read_lines(BufReader::new(file), name).with_context(|| path.display().to_string())?;
    Ok(Arc::new(scores))
}

/// Does the recipe; the output is there whole or not at all.
fn clean(
    recipe: &DataRecipe,
    scores: Option<&Arc<Scores>>,
    source: &mut FileSource,
    out: Option<&Path>,
) -> anyhow::Result<StepsReport> {
    let shows_progress = io::stderr().is_terminal();
    let mut progress = |done: u64, total: u64| {
        if shows_progress && done.is_multiple_of(4096) {
            let share = if total > 0 { format!(" of {total}") } else { String::new() };
            eprint!("\r{done}{share} samples read");
        }
        ControlFlow::Continue(())
    };
    let mut report = None;
    match out {
        None => report = Some(apply_with(recipe, scores, source, &mut |_| Ok(()), &mut progress)?),
        Some(path) => write_whole(path, |file| {
            let mut sink = |outcome| match outcome {
                Outcome::Removed(_) => Ok(()),
                Outcome::Stays(item) => {
                    serde_json::to_writer(&mut *file, &item.sample)?;
                    file.write_all(b"\n")
                }
            };
            report = Some(apply_with(recipe, scores, source, &mut sink, &mut progress)?);
            Ok(())
        })?,
    }
    if shows_progress {
        eprintln!();
    }
    if source.bad_lines > 0 {
        eprintln!("{} lines could not be read and were left out", source.bad_lines);
    }
    report.context("the recipe was not done")
}

/// Writes beside the place and moves there at the end.
fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("failed to write below {}", folder.display()))?;
    let mut buffered = io::BufWriter::new(file);
    write(&mut buffered)?;
    let file = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path).with_context(|| format!("failed to write {}", path.display()))?;
    Ok(())
}

fn print_counts(report: &StepsReport) {
    for (i, step) in report.steps.iter().enumerate() {
        println!(
            "{:>3}. {:<20} {:>9} seen {:>9} rewritten {:>9} removed {:>9} added",
            i + 1,
            step.kind,
            step.seen,
            step.changed,
            step.removed,
            step.added
        );
    }
    println!("{} samples became {}", report.before, report.after);
}

/// A data file that is read as often as the steps need it.
struct FileSource {
    path: PathBuf,
    syntax: FileSyntax,
    mapping: Mapping,
    plan: Option<SplitPlan>,
    bad_lines: u64,
}

impl FileSource {
    fn open(path: &Path, split: bool) -> anyhow::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut head = Vec::new();
        text(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let Some(syntax) = syntax::guess(&name, &head) else {
            bail!("{}: this is neither JSON Lines, JSON nor CSV", path.display());
        };
        let (rows, _) = first_rows(text(path)?, syntax, GUESS_ROWS)?;
        let Some(mapping) = mapping::guess(&rows) else {
            bail!("{}: no known format fits the fields of its first rows", path.display());
        };
        Ok(Self { path: path.to_owned(), syntax, mapping, plan: split.then(SplitPlan::default), bad_lines: 0 })
    }
}

fn text(path: &Path) -> anyhow::Result<TextReader<File>> {
    let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    Ok(TextReader::new(file, None)?)
}

impl Source for FileSource {
    fn read(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()> {
        let text = text(&self.path).map_err(io::Error::other)?;
        let (mut position, mut bad_lines) = (0, 0);
        let end = mapping::read_samples(text, self.syntax, &self.mapping, |row| {
            let Ok((line, sample)) = row else {
                bad_lines += 1;
                return ControlFlow::Continue(());
            };
            let split = match &self.plan {
                Some(plan) => plan.assign(&dataprep::hash::content_hash(&sample)),
                None => Split::Train,
            };
            // Scores know samples by their line.
            let item = Item::new(SampleId(line.cast_signed()), position, split, sample);
            position += 1;
            each(item)
        });
        self.bad_lines = bad_lines;
        end.map_err(|error| match error {
            ReadError::Io(error) => error,
            broken @ ReadError::Broken(_) => io::Error::other(broken),
        })
    }
}
