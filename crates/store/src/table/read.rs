//! Reading the table: a page of rows, groups, the points of a plot, and the values that a column has.

use super::select::{push_json, push_text, push_value, push_where};
use crate::{StoreError, error::word};
use domain::{
    id::{ProjectId, RowId},
    table::{Asked, Column, ColumnKind, Group, GroupStat, Point, TablePage, TableRow},
};
use serde_json::Value;
use sqlx::{PgPool, Postgres, QueryBuilder, Row, postgres::PgRow};
use uuid::Uuid;

/// Groups that are shown.
const MOST_GROUPS: i64 = 200;

/// What [`row`] reads of `table_rows r`.
const COLUMNS: &str = "r.run_id, r.source, r.facts, r.tags, r.note, r.is_archived";

/// The rows from `offset` on, at most `limit`, and those that the view pins.
pub async fn page(
    db: &PgPool,
    project: ProjectId,
    asked: &Asked,
    offset: u64,
    limit: u32,
) -> Result<TablePage, StoreError> {
    // Ids and what they are sorted by alone: the rest is read of the rows of the page.
    let mut query = QueryBuilder::<Postgres>::new("with fit as materialized (select r.run_id, r.created_at, ");
    match &asked.sort {
        Some((column, _)) => push_value(&mut query, &column.name, column.kind),
        None => {
            query.push("null::integer");
        }
    }
    query.push(" as sort_value from table_rows r");
    push_where(&mut query, project, asked);
    let order = match &asked.sort {
        Some((_, true)) => "sort_value desc nulls last, created_at desc, run_id desc",
        _ => "sort_value nulls last, created_at desc, run_id desc",
    };
    query.push(format!("), page as (select * from fit order by {order} limit ")).push_bind(i64::from(limit));
    query.push(" offset ").push_bind(offset.min(i64::MAX.cast_unsigned()).cast_signed());
    query.push(format!(
        "), shown as (select *, row_number() over (order by {order}) as place from page) \
         select t.total, s.place, {COLUMNS} from (select count(*) as total from fit) t \
         left join shown s on true left join table_rows r on r.run_id = s.run_id order by s.place"
    ));
    let found = query.build().fetch_all(db).await?;
    let total = found.first().map(|row| row.try_get::<i64, _>("total")).transpose()?.unwrap_or(0);
    let rows = found.iter().filter(|row| row.try_get::<Uuid, _>("run_id").is_ok()).map(|r| row(r, &asked.columns));
    Ok(TablePage {
        rows: rows.collect::<Result<_, _>>()?,
        pinned: pinned(db, project, asked).await?,
        columns: asked.columns.clone(),
        total: total.unsigned_abs(),
    })
}

async fn pinned(db: &PgPool, project: ProjectId, asked: &Asked) -> Result<Vec<TableRow>, StoreError> {
    if asked.view.pins.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = asked.view.pins.iter().map(|row| row.0).collect();
    let mut query = QueryBuilder::<Postgres>::new(format!("select {COLUMNS} from table_rows r where r.project_id = "));
    query.push_bind(project.0).push(" and r.run_id = any(").push_bind(ids.clone());
    query.push(") order by array_position(").push_bind(ids).push(", r.run_id)");
    query.build().fetch_all(db).await?.iter().map(|r| row(r, &asked.columns)).collect()
}

fn row(row: &PgRow, columns: &[Column]) -> Result<TableRow, StoreError> {
    let facts: Value = row.try_get("facts")?;
    let tags: Vec<String> = row.try_get("tags")?;
    let (note, is_archived): (String, bool) = (row.try_get("note")?, row.try_get("is_archived")?);
    let value = |column: &Column| match column.name.as_str() {
        "tags" => Some(Value::from(tags.clone())).filter(|_| !tags.is_empty()),
        "note" => Some(Value::from(note.clone())).filter(|_| !note.is_empty()),
        "archived" => Some(Value::from(is_archived)),
        name => facts.get(name).cloned(),
    };
    let values = columns.iter().filter_map(|c| Some((c.name.clone(), value(c)?))).collect();
    Ok(TableRow {
        id: RowId(row.try_get("run_id")?),
        source: word(row.try_get("source")?)?,
        name: facts["name"].as_str().unwrap_or_default().to_owned(),
        number: facts["number"].as_i64().and_then(|n| i32::try_from(n).ok()),
        values,
        tags,
        note,
        is_archived,
    })
}

/// The rows by what they have in the columns of the grouping, the largest group first, at most 200; and over each what the shown
/// numbers are.
pub async fn groups(db: &PgPool, project: ProjectId, asked: &Asked) -> Result<Vec<Group>, StoreError> {
    let summed: Vec<&Column> = asked.summed().collect();
    let keys: Vec<String> = (0..asked.groups.len()).map(|i| format!("k{i}")).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keys.join(", ");
    // Materialized, so that what is sorted and hashed are the values alone and not the rows around them.
    let mut query = QueryBuilder::<Postgres>::new("with x as materialized (select ");
    for (i, column) in asked.groups.iter().enumerate() {
        query.push(if i == 0 { "" } else { ", " });
        push_text(&mut query, &column.name);
        query.push(format!(" as k{i}"));
    }
    for (i, column) in summed.iter().enumerate() {
        query.push(", ");
        push_value(&mut query, &column.name, column.kind);
        query.push(format!(" as n{i}"));
    }
    query.push(" from table_rows r");
    push_where(&mut query, project, asked);
    query.push(format!(") select {keys}, count(*) as runs"));
    for i in 0..summed.len() {
        query.push(format!(
            ", count(n{i}) as runs{i}, avg(n{i}) as mean{i}, min(n{i}) as min{i}, max(n{i}) as max{i}, stddev_samp(n{i}) as spread{i}"
        ));
    }
    query.push(format!(" from x group by {keys} order by count(*) desc, {keys} limit ")).push_bind(MOST_GROUPS);
    let found = query.build().fetch_all(db).await?;
    found.iter().map(|row| group(row, asked.groups.len(), &summed)).collect()
}

fn group(row: &PgRow, keys: usize, summed: &[&Column]) -> Result<Group, StoreError> {
    let stat = |(i, column): (usize, &&Column)| -> Result<GroupStat, StoreError> {
        let of = |name: &str| row.try_get::<Option<f64>, _>(format!("{name}{i}").as_str());
        Ok(GroupStat {
            column: column.name.clone(),
            runs: row.try_get::<i64, _>(format!("runs{i}").as_str())?.unsigned_abs(),
            mean: of("mean")?,
            min: of("min")?,
            max: of("max")?,
            spread: of("spread")?,
        })
    };
    Ok(Group {
        keys: (0..keys).map(|i| row.try_get(format!("k{i}").as_str())).collect::<Result<_, sqlx::Error>>()?,
        runs: row.try_get::<i64, _>("runs")?.unsigned_abs(),
        stats: summed.iter().enumerate().map(stat).collect::<Result<_, StoreError>>()?,
    })
}

/// What the newest `limit` of the rows have in these columns.
pub async fn points(
    db: &PgPool,
    project: ProjectId,
    asked: &Asked,
    columns: &[Column],
    limit: usize,
) -> Result<Vec<Point>, StoreError> {
    let mut query =
        QueryBuilder::<Postgres>::new("with picked as materialized (select r.run_id, r.created_at from table_rows r");
    push_where(&mut query, project, asked);
    query.push(" order by r.created_at desc, r.run_id desc limit ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    query.push(") select r.run_id, r.source, r.facts->>'name' as name, (r.facts->>'number')::integer as number");
    for (i, column) in columns.iter().enumerate() {
        query.push(", ");
        push_json(&mut query, column);
        query.push(format!(" as c{i}"));
    }
    query.push(" from picked p join table_rows r on r.run_id = p.run_id order by p.created_at desc, p.run_id desc");
    let found = query.build().fetch_all(db).await?;
    let point = |row: &PgRow| -> Result<Point, StoreError> {
        let values = (0..columns.len()).map(|i| row.try_get(format!("c{i}").as_str()));
        Ok(Point {
            id: RowId(row.try_get("run_id")?),
            source: word(row.try_get("source")?)?,
            name: row.try_get::<Option<String>, _>("name")?.unwrap_or_default(),
            number: row.try_get("number")?,
            values: values.collect::<Result<_, sqlx::Error>>()?,
        })
    };
    found.iter().map(point).collect()
}

/// Values of a column, or tags, that hold what is typed: at most `limit`, in their order.
pub async fn known_values(
    db: &PgPool,
    project: ProjectId,
    column: &Column,
    typed: &str,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Postgres>::new("select distinct x.v from (select ");
    if column.kind == ColumnKind::Tags {
        query.push("unnest(r.tags)");
    } else {
        push_text(&mut query, &column.name);
    }
    query.push(" as v from table_rows r where r.project_id = ").push_bind(project.0);
    query.push(") x where strpos(lower(x.v), lower(").push_bind(typed.to_owned());
    query.push(")) > 0 order by x.v limit ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    Ok(query.build_query_scalar().fetch_all(db).await?)
}
