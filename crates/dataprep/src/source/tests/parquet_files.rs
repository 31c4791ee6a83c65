//! Parquet with lists and structs, plain and packed.

use super::{Sent, gzip, zip_of};
use crate::source::Choices;
use domain::import::ImportProblem;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const SCHEMA: &str = "message rows {
    required binary question (UTF8);
    required int64 id;
    optional double score;
    required group messages (LIST) { repeated group list { required group element {
        required binary role (UTF8);
        required binary content (UTF8);
    } } }
}";

/// Two rows: conversations of two turns and of one.
pub(crate) fn nested() -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let compression = parquet::basic::Compression::SNAPPY;
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|t| ByteArray::from(*t)).collect::<Vec<_>>();
    let mut column = 0;
    while let Some(mut next) = group.next_column().unwrap() {
        match column {
            0 => drop(next.typed::<ByteArrayType>().write_batch(&texts(&["问?", "b"]), None, None).unwrap()),
            1 => drop(next.typed::<Int64Type>().write_batch(&[7, 8], None, None).unwrap()),
            2 => drop(next.typed::<DoubleType>().write_batch(&[0.5], Some(&[1, 0]), None).unwrap()),
            3 => {
                let roles = texts(&["user", "assistant", "user"]);
                next.typed::<ByteArrayType>().write_batch(&roles, Some(&[1, 1, 1]), Some(&[0, 1, 0])).unwrap();
            }
            _ => {
                let contents = texts(&["q", "a", "only"]);
                next.typed::<ByteArrayType>().write_batch(&contents, Some(&[1, 1, 1]), Some(&[0, 1, 0])).unwrap();
            }
        }
        next.close().unwrap();
        column += 1;
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn nested_columns_become_lists_and_objects() {
    let file = nested();
    let rows = Sent::new("a.parquet", &file).rows();
    let first = r#"{"question":"问?","id":7,"score":0.5,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#;
    assert_eq!(rows[0], format!("a.parquet:1 {first}"));
    assert!(rows[1].contains(r#""score":null,"messages":[{"role":"user","content":"only"}]"#), "{}", rows[1]);
    assert_eq!(Sent::new("a.parquet.gz", gzip(&file)).rows().len(), 2);
    let (source, rows) =
        Sent::new("a.zip", zip_of(&[("data/train-0.parquet", &file), ("data/train-1.parquet", &file)]))
            .read(&Choices::default())
            .unwrap();
    assert_eq!((rows.len(), source.listed()[0].encoding.as_deref()), (4, None));
    assert!(rows[3].starts_with("data/train-1.parquet:2 "));
}

#[test]
fn a_broken_one_says_so() {
    let file = nested();
    let cut = Sent::new("a.parquet", &file[..file.len() - 40]).problem();
    assert!(matches!(cut, ImportProblem::BrokenParquet { .. }), "{cut:?}");
}
