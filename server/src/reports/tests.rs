//! PDFs of small documents, read again by poppler where it is installed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use app::{
    reports::document::{Cell, Chart, Section, Table, Tone, of_markdown},
    ui::chart::Curve,
};
use domain::lang::Lang;
use std::{collections::BTreeMap, io::Write, process::Command};

fn document() -> Document {
    let mut table = Table::new(["指标", "|Base", "|Tuned", "Verdict"]);
    for i in 0..80 {
        table.push([
            Cell::plain(format!("准确率 {i}")),
            Cell::link("81.2%", "https://lathe.test/p/1/runs/2"),
            Cell::link("90.0%", "https://lathe.test/p/1/runs/2"),
            Cell::plain("better").toned(Tone::Good),
        ]);
    }
    let curve = Curve::new("训练损失", (0..50u8).map(|i| (f64::from(i), 1.0 / f64::from(i + 1), 0.0)).collect());
    let written = "微调后的模型在封存测试集上“明显更好”，但样本较少；结论见下表。Offices of the finest kind affirm it.\n\n\
        - 第一项\n- **第二项** with *emphasis* and `code`\n\n> quoted\n\n1. one\n2. two\n\n";
    let mut parts = of_markdown(&written.repeat(3));
    parts.push(Part::Chart(Chart { title: "损失 Loss".to_owned(), curves: vec![curve] }));
    parts.push(Part::Note(Tone::Warn, vec![Span::strong("风险 "), Span::plain("few seeds")]));
    parts.push(Part::Table(table));
    Document {
        lang: Lang::Zh,
        title: "微调报告 Report 1".to_owned(),
        front: vec![Part::Paragraph(vec![Span::link("报告 1", "https://lathe.test/p/1/reports/2")])],
        sections: vec![Section { key: 1, heading: "结果 Results".to_owned(), parts }],
    }
}

/// What poppler's program says of a PDF; `None` where it is not installed.
fn poppler(program: &str, options: &[&str], pdf: &[u8]) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let done = Command::new(program).args(options).arg(file.path()).arg("-").output();
    let done = done.inspect_err(|_| eprintln!("{program} is not installed: not everything was tried")).ok()?;
    // pdfinfo takes one file alone.
    let done = if done.status.success() {
        done
    } else {
        Command::new(program).args(options).arg(file.path()).output().unwrap()
    };
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn both_languages_can_be_searched_and_copied() {
    let pdf = match pdf_now(&document(), OffsetDateTime::UNIX_EPOCH) {
        Err(PdfError::NoGlyphs { letters }) => return eprintln!("no font here has {letters:?}: nothing was tried"),
        made => made.unwrap(),
    };
    assert!(pdf.starts_with(b"%PDF-1.") && pdf.len() < 2_000_000, "{} bytes", pdf.len());
    if let Ok(folder) = std::env::var("LATHE_KEEP_PDF") {
        std::fs::write(std::path::Path::new(&folder).join("report.pdf"), &pdf).unwrap();
    }
    if let Some(text) = poppler("pdftotext", &["-layout"], &pdf) {
        let joined: String = text.split_whitespace().collect();
        for part in [
            "微调报告Report1",
            "微调后的模型在封存测试集上“明显更好”",
            "Officesofthefinestkindaffirmit.",
            "准确率79",
            "训练损失",
        ] {
            assert!(joined.contains(part), "{part} is not in {text}");
        }
        // The head of the table stands on each of its pages.
        assert!(text.matches("Verdict").count() >= 2, "{text}");
    }
    if let Some(info) = poppler("pdfinfo", &[], &pdf) {
        assert!(info.contains("微调报告 Report 1") && info.contains("595.28 x 841.89"), "{info}");
    }
    let bytes = String::from_utf8_lossy(&pdf);
    assert!(bytes.contains("/Lang") && bytes.contains("zh-CN") && bytes.contains("/Outlines"));
}

/// Every kind of part, in one language: its table is longer than a page, and its author leaves out a level of headings.
fn of_every_kind(lang: Lang) -> Document {
    let [title, heading, metric, loss, said] = match lang {
        Lang::En => ["Report 1", "Results", "Metric", "Loss", "Better on the sealed test split."],
        Lang::Zh => ["微调报告 1", "结果", "指标", "损失", "在封存测试集上更好。"],
    };
    let mut table = Table::new([metric, "|A", "|B"]);
    for _ in 0..90 {
        table.push([Cell::plain(metric), Cell::link("1.0", "https://lathe.test/1"), Cell::default()]);
    }
    let curve = |name: &str| Curve::new(name, (0..9u8).map(|i| (f64::from(i), f64::from(i), 0.0)).collect());
    let curves = vec![curve(metric), curve(loss)];
    let text = || vec![Span::plain(said)];
    let parts = vec![
        Part::Heading(3, said.to_owned()),
        Part::Paragraph(vec![Span::plain(said), Span::link(said.repeat(20), "https://lathe.test/2")]),
        Part::List { numbered: false, items: vec![text(), text()] },
        Part::Quote(text()),
        Part::Code("a = 1\n\nb = 2".to_owned()),
        Part::Rule,
        Part::Chart(Chart { title: loss.to_owned(), curves }),
        Part::Chart(Chart { title: loss.to_owned(), curves: Vec::new() }),
        Part::Note(Tone::Warn, text()),
        Part::Table(table),
    ];
    let section = |heading: &str, parts| Section { key: 1, heading: heading.to_owned(), parts };
    Document {
        lang,
        title: title.to_owned(),
        front: vec![Part::Paragraph(text())],
        sections: vec![section(heading, parts), section("", vec![Part::Heading(1, said.to_owned())])],
    }
}

/// How often each role is in the tag tree; krilla writes its dictionaries uncompressed.
fn roles(bytes: &str) -> BTreeMap<&str, usize> {
    let mut roles = BTreeMap::new();
    for element in bytes.split("/Type/StructElem/S/").skip(1) {
        let end = element.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
        *roles.entry(&element[..end]).or_default() += 1;
    }
    roles
}

/// A text as PDF writes it: ASCII as it is, all else in UTF-16.
fn text_string(text: &str) -> String {
    if text.is_ascii() {
        return format!("({text})");
    }
    let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{units}>")
}

#[test]
fn a_pdf_says_what_its_parts_are_in_both_languages() {
    for (lang, tag, title, loss) in
        [(Lang::En, "(en)", "Report 1", "Loss"), (Lang::Zh, "(zh-CN)", "微调报告 1", "损失")]
    {
        let pdf = match pdf_now(&of_every_kind(lang), OffsetDateTime::UNIX_EPOCH) {
            Err(PdfError::NoGlyphs { letters }) => {
                eprintln!("no font here has {letters:?}: not everything was tried");
                continue;
            }
            made => made.unwrap(),
        };
        let bytes = String::from_utf8_lossy(&pdf);
        for part in ["/MarkInfo<</Marked true", "/StructTreeRoot", "/DisplayDocTitle true", "pdfuaid:part"] {
            assert!(bytes.contains(part), "{lang:?}: no {part}");
        }
        // Of the whole file and of the root of its tags.
        assert_eq!(bytes.matches(&format!("/Lang{tag}")).count(), 2, "{lang:?}");
        // The head of the table counts once, though it stands on each page; so do the links, one of which has several lines.
        let expected = BTreeMap::from([
            ("BlockQuote", 1),
            ("Caption", 1),
            ("Code", 1),
            ("Document", 1),
            ("Figure", 1),
            ("H1", 1),
            ("H2", 2),
            ("H3", 1),
            ("L", 2),
            ("LBody", 4),
            ("LI", 4),
            ("Lbl", 2),
            ("Link", 91),
            ("P", 5),
            ("Sect", 2),
            ("TBody", 1),
            ("TD", 180),
            ("TH", 93),
            ("THead", 1),
            ("TR", 91),
            ("Table", 1),
        ]);
        assert_eq!(roles(&bytes), expected, "{lang:?}");
        let pages = bytes.matches("/Type/Page/").count();
        assert!(pages > 2, "{lang:?}: the table stands on {pages} pages");
        let scopes = ["/Scope/Column", "/Scope/Row"].map(|scope| bytes.matches(scope).count());
        assert_eq!(scopes, [3, 90], "{lang:?}");
        assert!(bytes.contains(&format!("/Alt{}", text_string(loss))), "{lang:?}: the figure says nothing");
        assert!(bytes.contains(&format!("/Title{}", text_string(title))), "{lang:?}: no title");
        if let Some(read) = poppler("pdfinfo", &["-struct-text"], &pdf) {
            assert!(read.contains("Figure") && read.contains("THead"), "{lang:?}: {read}");
        }
    }
}

#[test]
fn a_server_without_fonts_says_what_to_install() {
    let refused = fonts::find_in(&fonts::System::new(fontdb::Database::new()), &letters(&document()));
    let Err(error) = refused else { panic!("there are no fonts") };
    assert!(matches!(&error, PdfError::NoGlyphs { letters } if !letters.is_empty()));
    assert!(error.to_string().contains("fonts-noto-cjk"));
}

/// Letters that no font has stop nothing while they are few: an emoji, or a rare letter (here of Ethiopic).
#[test]
fn signs_that_no_font_has_stop_nothing() {
    let mut document = document();
    document.sections[0].parts.push(Part::Paragraph(vec![Span::plain("done \u{10ffff} 🦀\u{200d} \u{1e7e0}")]));
    let pdf = match pdf_now(&document, OffsetDateTime::UNIX_EPOCH) {
        Err(PdfError::NoGlyphs { letters }) => return eprintln!("no font here has {letters:?}: nothing was tried"),
        made => made.unwrap(),
    };
    // What does not meet PDF/UA claims nothing, and has tags all the same.
    let bytes = String::from_utf8_lossy(&pdf);
    assert!(bytes.contains("/StructTreeRoot") && !bytes.contains("pdfuaid:part"));
}
