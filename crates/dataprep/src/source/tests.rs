//! Packed files of every kind, archives with several files, descriptions beside them, and Parquet.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hostile;
mod parquet_files;

use super::*;
use domain::dataset::{Archive, Compression, LineProblem};
use std::io::Write;

/// A file that is written nowhere but in a folder of its own.
pub(super) struct Sent {
    folder: tempfile::TempDir,
    name: String,
}

impl Sent {
    pub(super) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("upload"), bytes).unwrap();
        Self { folder, name: name.to_owned() }
    }

    pub(super) fn open(&self, choices: &Choices) -> Result<Source, SourceError> {
        Source::open(&self.folder.path().join("upload"), &self.name, choices)
    }

    pub(super) fn problem(&self) -> ImportProblem {
        match self.read(&Choices::default()) {
            Err(SourceError::Problem(problem)) => problem,
            other => panic!("{other:?}"),
        }
    }

    /// Every row as its file, line and text; errors as their words.
    pub(super) fn read(&self, choices: &Choices) -> Result<(Source, Vec<String>), SourceError> {
        let source = self.open(choices)?;
        let mut rows = Vec::new();
        source.rows(&Arc::default(), &mut |file, row| {
            rows.push(match row {
                Ok(row) => format!("{}:{} {}", file.name, row.line, Value::Object(row.value)),
                Err(error) => error.to_string(),
            });
            ControlFlow::Continue(())
        })?;
        Ok((source, rows))
    }

    fn rows(&self) -> Vec<String> {
        self.read(&Choices::default()).unwrap().1
    }
}

pub(super) fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const CSV: &[u8] = b"text,label\nlovely,good\nawful,bad\n";
/// [`CSV`] as `xz -9` packs it.
const CSV_XZ: &str = "fd377a585a000004e6d6b446020021011c00000010cf58cc010020746578742c6c6162656c0a6c6f76656c792c676f6f640a617766756c2c6261640a000000004b71618d4cb41bf600013921cf286b621fb6f37d010000000004595a";

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn every_compression_is_unpacked_while_it_is_read() {
    let rows = Sent::new("a.csv", CSV).rows();
    assert_eq!(rows, [r#"a.csv:2 {"text":"lovely","label":"good"}"#, r#"a.csv:3 {"text":"awful","label":"bad"}"#]);
    for (name, packed, compression) in [
        ("a.csv.gz", gzip(CSV), Compression::Gzip),
        ("a.csv.zst", zstd::encode_all(CSV, 3).unwrap(), Compression::Zstandard),
        ("a.csv.bz2", bzip2(CSV), Compression::Bzip2),
        ("a.csv.xz", from_hex(CSV_XZ), Compression::Xz),
        // The bytes decide, not the name.
        ("a.csv", gzip(CSV), Compression::Gzip),
    ] {
        let (source, found) = Sent::new(name, &packed).read(&Choices::default()).unwrap();
        assert_eq!(found, rows, "{name}");
        assert_eq!(source.packing, Packing { compression: Some(compression), archive: None });
        let cut = Sent::new(name, &packed[..packed.len() - 9]).problem();
        assert!(matches!(cut, ImportProblem::BrokenPacking { .. }), "{name}: {cut:?}");
    }
    let parts = [gzip(&CSV[..11]), gzip(&CSV[11..])].concat();
    assert_eq!(Sent::new("a.csv.gz", parts).rows(), rows, "gzip members one after the other, as pigz writes them");
}

#[test]
fn files_of_an_archive_come_in_the_order_of_their_names() {
    let line = |text: &str| format!("{{\"prompt\": \"{text}\", \"completion\": \"x\"}}\n").into_bytes();
    let (a, b, broken) = (line("a"), line("b"), b"{\"prompt\"\n".to_vec());
    let files: [(&str, &[u8]); 5] = [
        ("data/b.jsonl", &b),
        ("data/a.jsonl.gz", &gzip(&a)),
        ("README.md", b"# words"),
        ("__MACOSX/data/._b.jsonl", b"\0\x05"),
        ("data/c.jsonl", &broken),
    ];
    let sent = Sent::new("d.zip", zip_of(&files));
    let (source, rows) = sent.read(&Choices::default()).unwrap();
    assert_eq!(source.packing.to_string(), "ZIP");
    assert_eq!(rows[0], r#"data/a.jsonl.gz:1 {"prompt":"a","completion":"x"}"#);
    assert_eq!(rows[1], r#"data/b.jsonl:1 {"prompt":"b","completion":"x"}"#);
    assert!(rows[2].starts_with("data/c.jsonl, line 1: the line is not valid JSON"), "{}", rows[2]);
    let mut left_out: Vec<_> = source.left_out.iter().map(|f| f.name.as_str()).collect();
    left_out.sort_unstable();
    assert_eq!(left_out, ["README.md", "__MACOSX/data/._b.jsonl"]);
    let chosen = sent.read(&Choices { inside: Some("data/b*".to_owned()), ..Choices::default() }).unwrap().1;
    assert_eq!((chosen.len(), chosen[0].starts_with("data/b")), (1, true));
    let none = sent.open(&Choices { inside: Some("*.csv".to_owned()), ..Choices::default() });
    assert!(matches!(none, Err(SourceError::Problem(ImportProblem::NoFileFits { .. }))));
    for (name, packed, shown) in
        [("d.tar", tar_of(&files[..2]), "TAR"), ("d.tgz", gzip(&tar_of(&files[..2])), "TAR + gzip")]
    {
        let (source, rows) = Sent::new(name, packed).read(&Choices::default()).unwrap();
        assert_eq!(source.packing.to_string(), shown);
        assert!(rows[0].starts_with("data/b.jsonl:1") && rows[1].starts_with("data/a.jsonl.gz:1"), "{rows:?}");
    }
}

#[test]
fn what_cannot_be_read_in_an_archive_is_named() {
    let zip = zip_of(&[("a.jsonl", b"{\"text\": 1}\n"), ("b.jsonl", b""), ("c.zip.json", &zip_of(&[("x", b"y")]))]);
    let (source, rows) = Sent::new("d.zip", zip).read(&Choices::default()).unwrap();
    let left: Vec<_> = source.left_out.iter().map(|f| (f.name.as_str(), f.problem.clone())).collect();
    let nested = ImportProblem::NestedArchive { file: "c.zip.json".to_owned() };
    assert_eq!(left, [("c.zip.json", Some(nested))]);
    assert_eq!((source.files.len(), rows.len()), (2, 1), "an empty file has no rows");
    let mixed = Sent::new("d.zip", zip_of(&[("a.csv", CSV), ("b.jsonl", b"{\"a\":1}\n")])).problem();
    assert_eq!(mixed, ImportProblem::MixedSyntaxes { first: "a.csv".to_owned(), second: "b.jsonl".to_owned() });
    assert_eq!(Sent::new("d.zip", zip_of(&[("a.bin", b"x")])).problem(), ImportProblem::NoFileInside);
    let inner = Sent::new("d.zip.gz", gzip(&zip_of(&[("a.csv", CSV)]))).problem();
    assert_eq!(inner, ImportProblem::NestedArchive { file: "d.zip".to_owned() });
}

#[test]
fn a_folder_of_texts_is_one_row_a_file_and_its_folders_are_labels() {
    let files: [(&str, &[u8]); 3] = [
        ("reviews/neg/1.txt", b"Awful, bad.\n"),
        ("reviews/pos/1.txt", b"Lovely.\n\nAgain!"),
        ("reviews/pos/2.txt", b" "),
    ];
    let (source, rows) = Sent::new("reviews.zip", zip_of(&files)).read(&Choices::default()).unwrap();
    assert_eq!(rows[0], r#"reviews/neg/1.txt:1 {"text":"Awful, bad.","folder":"neg"}"#);
    assert_eq!(rows[1], r#"reviews/pos/1.txt:1 {"text":"Lovely.\n\nAgain!","folder":"pos"}"#);
    assert!(rows[2].starts_with("reviews/pos/2.txt, line 1: the field is empty"), "{}", rows[2]);
    assert_eq!(source.syntax(), FileSyntax::Text);
    let one = Sent::new("a.txt", "One, two.\nThree\n\n\nFour\n");
    assert_eq!(one.rows(), [r#"a.txt:1 {"text":"One, two.\nThree"}"#, r#"a.txt:2 {"text":"Four"}"#]);
    let lines = Choices { syntax: Some(FileSyntax::Lines), ..Choices::default() };
    assert_eq!(one.read(&lines).unwrap().1[2], r#"a.txt:5 {"text":"Four"}"#);
}

#[test]
fn a_packed_file_shows_its_encoding_and_takes_another() {
    let text = "文本,标签\n质量很好,好评\n太差了,差评\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    let source = Sent::new("a.csv.gz", gzip(&gb)).open(&Choices::default()).unwrap();
    assert_eq!(source.listed()[0].encoding.as_deref(), Some("gb18030"));
    // The first letters that are not ASCII lie far behind the beginning.
    let late = "plain,good\n".repeat(20_000) + "质量很好，下次还会再来,好评\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(&late);
    let (source, rows) = Sent::new("a.csv.gz", gzip(&gb)).read(&Choices::default()).unwrap();
    assert_eq!(source.listed()[0].encoding.as_deref(), Some("gb18030"));
    assert!(rows.last().unwrap().contains("质量很好"));
    let wrong = Choices { encoding: crate::encoding::by_name("latin1"), ..Choices::default() };
    assert!(!Sent::new("a.csv.gz", gzip(&gb)).read(&wrong).unwrap().1.last().unwrap().contains("质量很好"));
}

#[test]
fn llama_factory_describes_the_files_beside_it() {
    let info = br#"{
        "talks": {"file_name": "talks.json", "formatting": "sharegpt",
            "columns": {"messages": "dialogue", "system": "sys"},
            "tags": {"role_tag": "who", "content_tag": "says", "user_tag": "U", "assistant_tag": "A", "system_tag": "S"}},
        "tasks": {"file_name": "sub/tasks.json", "columns": {"prompt": "q", "query": "", "response": "a"}},
        "pairs": {"hf_hub_url": "x/y"}
    }"#;
    let talks = br#"[{"dialogue": [{"who": "U", "says": "hi"}, {"who": "A", "says": "hello"}], "sys": "Be kind"},
        {"dialogue": [{"who": "U", "says": "hi"}, {"who": "observation", "says": "x"}]}]"#;
    let files: [(&str, &[u8]); 4] = [
        ("d/dataset_info.json", info),
        ("d/talks.json", talks),
        ("d/sub/tasks.json", br#"[{"q": "1+1", "a": "2"}]"#),
        ("d/other.json", br#"[{"x": 1}]"#),
    ];
    let sent = Sent::new("d.zip", zip_of(&files));
    let source = sent.open(&Choices::default()).unwrap();
    assert_eq!(source.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["d/sub/tasks.json", "d/talks.json"]);
    assert_eq!(source.left_out[0].name, "d/other.json");
    let any = Mapping::Messages { messages: "x".to_owned() };
    let mut found = Vec::new();
    let each = |_: &DataFile, sample: Result<(u64, Sample), LineError>| {
        found.push(sample);
        ControlFlow::Continue(())
    };
    source.samples(&any, false, &Arc::default(), each).unwrap();
    let contents =
        |i: usize| -> Vec<String> { found[i].as_ref().unwrap().1.messages.iter().map(|m| m.content.clone()).collect() };
    assert_eq!(contents(0), ["1+1", "2"]);
    assert_eq!(contents(1), ["Be kind", "hi", "hello"]);
    let error = found[2].as_ref().unwrap_err();
    assert_eq!((error.file.as_deref(), &error.problem), (Some("d/talks.json"), &LineProblem::ToolTurn));
    let bad = zip_of(&[("dataset_info.json", b"[1]"), ("a.json", br#"[{"x": 1}]"#)]);
    assert!(matches!(Sent::new("d.zip", bad).problem(), ImportProblem::BadDatasetInfo { .. }));
}

#[test]
fn archives_are_what_they_are_called() {
    assert_eq!(Packing { compression: Some(Compression::Xz), archive: Some(Archive::Tar) }.to_string(), "TAR + xz");
}
