//! A filter of the run table as SQL. Every text of it is a bound value, the names of columns among them.

use domain::{
    id::ProjectId,
    table::{
        Asked, Column, ColumnKind,
        facts::number_of,
        filter::{Comparison, Filter, Is, Operand, Test},
    },
};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// `where …` of `table_rows r` for what is asked.
pub(super) fn push_where(query: &mut QueryBuilder<Postgres>, project: ProjectId, asked: &Asked) {
    query.push(" where r.project_id = ").push_bind(project.0);
    if asked.leaves_archived_out() {
        query.push(" and not r.is_archived");
    }
    if !asked.view.hidden.is_empty() {
        let hidden: Vec<Uuid> = asked.view.hidden.iter().map(|row| row.0).collect();
        query.push(" and r.run_id <> all(").push_bind(hidden).push(")");
    }
    if let Some(filter) = &asked.filter {
        query.push(" and ");
        push_filter(query, filter);
    }
}

fn push_filter(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    match filter {
        Filter::All(parts) => push_joined(query, parts, " and "),
        Filter::Any(parts) => push_joined(query, parts, " or "),
        Filter::Not(inner) => {
            query.push("not ");
            push_filter(query, inner);
        }
        Filter::Tag(tag) => {
            query.push_bind(tag.clone()).push(" = any(r.tags)");
        }
        Filter::Test(test) => push_test(query, test),
    }
}

fn push_joined(query: &mut QueryBuilder<Postgres>, parts: &[Filter], word: &'static str) {
    query.push("(");
    for (i, part) in parts.iter().enumerate() {
        query.push(if i == 0 { "" } else { word });
        push_filter(query, part);
    }
    query.push(")");
}

/// A condition; one on what is missing does not hold, rather than being unknown.
fn push_test(query: &mut QueryBuilder<Postgres>, test: &Test) {
    query.push("coalesce(");
    match &test.is {
        Is::Compared(Comparison::Equal, Operand::Text(text)) if test.kind == ColumnKind::Text => {
            push_any_text(query, &test.column, vec![text.clone()]);
        }
        Is::Compared(comparison, operand) => {
            push_value(query, &test.column, test.kind);
            query.push(format!(" {} ", comparison.as_str()));
            push_operand(query, operand);
        }
        Is::Among(operands) if test.kind == ColumnKind::Text => {
            let texts = operands.iter().filter_map(|o| if let Operand::Text(t) = o { Some(t.clone()) } else { None });
            push_any_text(query, &test.column, texts.collect());
        }
        Is::Among(operands) => {
            push_value(query, &test.column, test.kind);
            query.push(" = any(");
            push_operands(query, operands);
            query.push(")");
        }
        Is::Containing(part) => {
            query.push("strpos(lower(");
            push_value(query, &test.column, test.kind);
            query.push("), lower(").push_bind(part.clone()).push(")) > 0");
        }
        Is::Missing => {
            push_value(query, &test.column, test.kind);
            query.push(" is null");
        }
        Is::Set => push_value(query, &test.column, test.kind),
    }
    query.push(", false)");
}

/// That a column is one of these texts. Where some runs hold a text and others a number, `1e-4` is the number 0.0001 as well.
fn push_any_text(query: &mut QueryBuilder<Postgres>, column: &str, texts: Vec<String>) {
    let numbers: Vec<f64> = texts.iter().filter_map(|text| number_of(text)).collect();
    query.push("(");
    push_text(query, column);
    query.push(" = any(").push_bind(texts).push(")");
    if !numbers.is_empty() {
        query.push(" or ");
        push_value(query, column, ColumnKind::Number);
        query.push(" = any(").push_bind(numbers).push(")");
    }
    query.push(")");
}

fn push_operand(query: &mut QueryBuilder<Postgres>, operand: &Operand) {
    match operand {
        Operand::Number(x) => query.push_bind(*x),
        Operand::Time(ms) => query.push_bind(*ms as f64),
        Operand::Text(text) => query.push_bind(text.clone()),
    };
}

/// The values of a list, which are all of one kind.
fn push_operands(query: &mut QueryBuilder<Postgres>, operands: &[Operand]) {
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for operand in operands {
        match operand {
            Operand::Number(x) => numbers.push(*x),
            Operand::Time(ms) => numbers.push(*ms as f64),
            Operand::Text(text) => texts.push(text.clone()),
        }
    }
    if texts.is_empty() {
        query.push_bind(numbers)
    } else {
        query.push_bind(texts)
    };
}

/// A column as the value that conditions and orders compare: a number, text or boolean; null where it is missing.
pub(super) fn push_value(query: &mut QueryBuilder<Postgres>, name: &str, kind: ColumnKind) {
    match name {
        "archived" => {
            query.push("r.is_archived");
        }
        _ if kind.is_ordered() => {
            query.push("(case when jsonb_typeof(r.facts->").push_bind(name.to_owned());
            query.push("::text) = 'number' then (r.facts->").push_bind(name.to_owned()).push("::text)::float8 end)");
        }
        _ if kind == ColumnKind::Flag => {
            query.push("(r.facts->").push_bind(name.to_owned()).push("::text = 'true'::jsonb)");
        }
        _ => push_text(query, name),
    }
}

/// A column as text; null where it is missing.
pub(super) fn push_text(query: &mut QueryBuilder<Postgres>, name: &str) {
    match name {
        "archived" => {
            query.push("r.is_archived::text");
        }
        "note" => {
            query.push("nullif(r.note, '')");
        }
        "tags" => {
            query.push("nullif(array_to_string(r.tags, ', '), '')");
        }
        name => {
            query.push("(r.facts->>").push_bind(name.to_owned()).push("::text)");
        }
    }
}

/// A column as JSON.
pub(super) fn push_json(query: &mut QueryBuilder<Postgres>, column: &Column) {
    match column.name.as_str() {
        "archived" => {
            query.push("to_jsonb(r.is_archived)");
        }
        "note" | "tags" => {
            query.push("to_jsonb(");
            push_text(query, &column.name);
            query.push(")");
        }
        name => {
            query.push("(r.facts->").push_bind(name.to_owned()).push("::text)");
        }
    }
}
