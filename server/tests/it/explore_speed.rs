//! How quickly a large version is explored: `scripts/bench.sh explore [ROWS]`. Not part of the tests: it writes a version of
//! a million samples, builds its index with the job's own code, and asks the server's router, as a script would, over
//! and over with other words.

use crate::support::{Credential, TestApp};
use axum::{body::Body, http::StatusCode};
use dataprep::hash::content_hash;
use domain::{
    access::TokenScope,
    dataset::{BadLines, FileSyntax, Mapping, Origin, Packing, SplitPlan},
    id::{ModelId, ProjectId, SampleId, ScoringId, UserId, VersionId},
    import::ImportTarget,
    sample::{Message, Sample, Speaker},
    score::{Likelihood, Score, ScoreVersion},
};
use futures::TryStreamExt;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};
use store::{
    PgPool,
    explore::build::Builder,
    scores::ScoresWriter,
    versions::import::{Line, NewSample, NewVersion, Writer},
};

/// What each question may take, 95 times of 100.
const LIMIT: Duration = Duration::from_millis(100);
/// Questions of each kind.
const ASKED: u32 = 60;

/// Some Chinese words, put together at random.
const CHINESE: &str = "我们 今天 天气 学习 模型 数据 服务 质量 城市 北京 上海 老师 学生 医院 医生 问题 答案 科学 技术 中国 世界 公司 市场 \
    产品 价格 客户 电话 地址 时间 工作 生活 朋友 家庭 孩子 音乐 电影 故事 历史 文化 语言 翻译 计算 网络 安全 系统 程序 软件 \
    手机 电脑 图片 视频 新闻 报道 经济 发展 管理 项目 计划 目标 结果 原因 方法 步骤 建议 评价 喜欢 讨厌 高兴 难过 便宜 昂贵";

/// Twenty thousand made-up English words, of which the first are the most frequent.
fn vocabulary(rng: &mut ChaCha8Rng) -> Vec<String> {
    let parts = ["ba", "con", "de", "fi", "gra", "ho", "lin", "mo", "ner", "pla", "ri", "sto", "tem", "ver", "wi"];
    (0..20_000).map(|i| format!("{}{}{i}", parts.choose(rng).unwrap(), parts.choose(rng).unwrap())).collect()
}

/// A text of twelve words, in one of the two languages.
fn text(rng: &mut ChaCha8Rng, english: &[String], chinese: &[&str]) -> String {
    if rng.random_bool(0.5) {
        // Frequencies that fall as Zipf's.
        let word = |rng: &mut ChaCha8Rng| {
            let at = (english.len() as f64).powf(rng.random::<f64>()) as usize - 1;
            english[at.min(english.len() - 1)].clone()
        };
        (0..12).map(|_| word(rng)).collect::<Vec<_>>().join(" ")
    } else {
        (0..12).map(|_| *chinese.choose(rng).unwrap()).collect::<String>()
    }
}

async fn write(db: &PgPool, user: UserId, project: ProjectId, rows: u64, english: &[String]) -> VersionId {
    let origin = Origin::Import {
        file_name: "made-up.csv".to_owned(),
        size_bytes: 1,
        sha256: "00".repeat(32),
        syntax: FileSyntax::Csv,
        encoding: "UTF-8".to_owned(),
        mapping: Mapping::TextLabel { text: "text".to_owned(), label: "label".to_owned(), instruction: None },
        bad_lines: BadLines::Stop,
        split: SplitPlan::default(),
        packing: Packing::default(),
        files: Vec::new(),
        appended: None,
    };
    let target = ImportTarget::Name("made up".to_owned());
    let new = NewVersion { project, by: user, target: &target, origin: &origin, append: false };
    let mut writer = Writer::begin(db, new).await.unwrap().unwrap();
    let mut stats = dataprep::stats::StatsBuilder::new();
    let chinese: Vec<&str> = CHINESE.split_whitespace().collect();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut line = 1;
    while line < rows {
        let batch: Vec<Line> = (line..(line + 5000).min(rows + 1))
            .map(|line| {
                let label = format!("label {}", rng.random_range(0..8));
                let messages = vec![
                    Message::new(Speaker::User, text(&mut rng, english, &chinese)),
                    Message::new(Speaker::Assistant, label.clone()),
                ];
                let slices = [("topic".to_owned(), format!("topic {}", rng.random_range(0..20)))].into();
                let sample = Sample { messages, label: Some(label), rejected: None, slices, ..Sample::default() };
                let content_hash = content_hash(&sample);
                let split = SplitPlan::default().assign(&content_hash);
                stats.add(&sample, split, &content_hash);
                Line::new(&NewSample { sample, content_hash, split, file: "made-up.csv".into(), line }).unwrap()
            })
            .collect();
        line += batch.len() as u64;
        writer.write(&batch).await.unwrap();
    }
    writer.finish(&stats.finish(), &origin, None).await.unwrap().version_id
}

/// A figure of this process, in MiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with(name)).and_then(|l| l.split_whitespace().nth(1));
    line.and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn index(db: &PgPool, version: VersionId) {
    // The peak from here on (proc(5), clear_refs).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (before, started) = (memory("VmRSS"), Instant::now());
    let mut builder = Builder::begin(db, version).await.unwrap().unwrap();
    let mut rows = store::samples::stream(db, version, None);
    while let Some(row) = rows.try_next().await.unwrap() {
        builder.add(&row).await.unwrap();
    }
    drop(rows);
    builder.finish().await.unwrap();
    println!(
        "index built in {:.1} s; memory {before} MiB before, {} MiB at its peak",
        started.elapsed().as_secs_f64(),
        memory("VmHWM")
    );
    for table in ["version_words", "version_facets", "version_orders", "samples", "version_samples"] {
        let bytes: i64 =
            sqlx::query_scalar("select pg_total_relation_size($1::regclass)").bind(table).fetch_one(db).await.unwrap();
        println!("  {table}: {} MiB", bytes >> 20);
    }
}

/// Scores as of a model that finds most samples likely and some not at all.
async fn score(db: &PgPool, user: UserId, project: ProjectId, version: VersionId) -> ScoringId {
    let model_id = ModelId::new();
    sqlx::query(
        "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'm', '{}', '{}', $3)",
    )
    .bind(model_id.0)
    .bind(project.0)
    .bind(user.0)
    .execute(db)
    .await
    .unwrap();
    let ids: Vec<SampleId> =
        store::samples::stream(db, version, None).map_ok(|row| row.id).try_collect().await.unwrap();
    let request = ScoreVersion { version_id: version, model_id, run_id: None, embed: false };
    let started = Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut writer = ScoresWriter::begin(db, &request, user).await.unwrap();
    for id in ids {
        let answer = Likelihood::of(&[rng.random::<f32>() * rng.random::<f32>() * 10.0]).unwrap();
        writer.add(id, &Score { answer, all: answer, cut_tokens: 0, embedding: None }).await.unwrap();
    }
    let scoring = writer.finish(0).await.unwrap();
    println!("scores written in {:.1} s", started.elapsed().as_secs_f64());
    scoring
}

#[sqlx::test(migrations = "../migrations")]
#[ignore = "a benchmark: scripts/bench.sh explore"]
async fn explore_speed(db: PgPool) {
    let rows: u64 = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let app = TestApp::new(db);
    let user = app.person("ada").await;
    let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
    let script = Credential::Script(app.token(user, TokenScope::Read, None).await);
    let browser = Credential::Browser(app.session(user).await);
    let english = vocabulary(&mut ChaCha8Rng::seed_from_u64(1));
    let started = Instant::now();
    let version = write(&app.db, user, project, rows, &english).await;
    println!("{rows} samples written in {:.1} s", started.elapsed().as_secs_f64());
    index(&app.db, version).await;
    let scoring = score(&app.db, user, project, version).await;
    let found = store::versions::get(&app.db, project, version).await.unwrap().unwrap();

    let mut rng = ChaCha8Rng::seed_from_u64(99);
    let chinese: Vec<&str> = CHINESE.split_whitespace().collect();
    let api = format!("/api/v1/projects/{project}/versions/{version}/explore");
    let page = app::routes::explore(project, found.dataset_id, found.number);
    let mut slow = Vec::new();
    let kinds = [
        "first page",
        "any page",
        "a rare word",
        "a frequent word",
        "two words",
        "a Chinese word",
        "a phrase of two words",
        "a Chinese phrase",
        "words that begin so",
        "one filter",
        "three filters",
        "filter and search",
        "by length, any page",
        "by label, backwards",
        "by perplexity, any page",
        "a range of perplexities",
        "the page (HTML), search",
    ];
    println!("{:<26}{:>9}{:>9}{:>9}  of the limit ({} ms, p95)", "", "first ms", "p50 ms", "p95 ms", LIMIT.as_millis());
    for kind in kinds {
        let mut times = Vec::new();
        for _ in 0..ASKED {
            let mut word = |from: usize, to: usize| english[rng.random_range(from..to)].clone();
            let query = match kind {
                "first page" => String::new(),
                "any page" => format!("offset={}", rng.random_range(0..rows * 9 / 10)),
                "a rare word" => format!("search={}", word(10_000, 20_000)),
                "a frequent word" => format!("search={}", word(0, 20)),
                "two words" => format!("search={}+{}", word(0, 50), word(50, 1000)),
                "a Chinese word" => format!("search={}", app::routes::encode(chinese.choose(&mut rng).unwrap())),
                "a phrase of two words" => format!("search=%22{}+{}%22", word(0, 20), word(0, 50)),
                "a Chinese phrase" => {
                    let phrase =
                        format!("\"{}{}\"", chinese.choose(&mut rng).unwrap(), chinese.choose(&mut rng).unwrap());
                    format!("search={}", app::routes::encode(&phrase))
                }
                "words that begin so" => format!("search={}*", &word(0, 20_000)[..5]),
                "one filter" => format!("f=label:label+{}", rng.random_range(0..8)),
                "three filters" => format!(
                    "f=label:label+{}&f=slice.topic:topic+{}&f=split:train",
                    rng.random_range(0..8),
                    rng.random_range(0..20)
                ),
                "filter and search" => format!("f=script:latin&search={}", word(0, 1000)),
                "by length, any page" => format!("sort=length&offset={}", rng.random_range(0..rows * 9 / 10)),
                "by label, backwards" => format!("sort=label&descending=true&offset={}", rng.random_range(0..rows / 2)),
                "by perplexity, any page" => format!("sort=perplexity&offset={}", rng.random_range(0..rows * 9 / 10)),
                "a range of perplexities" => format!(
                    "f=perplexity.{scoring}:{:.3}..{:.3}",
                    rng.random_range(1.0..3.0),
                    rng.random_range(4.0..100.0)
                ),
                _ => format!("search={}", word(0, 1000)),
            };
            let is_page = kind.starts_with("the page");
            let (who, path) = if is_page { (&browser, &page) } else { (&script, &api) };
            let request = who.request("GET", &format!("{path}?{query}")).body(Body::empty()).unwrap();
            let started = Instant::now();
            let answer = app.send(request).await;
            times.push(started.elapsed());
            assert_eq!(answer.status(), StatusCode::OK, "{query}: {:?}", answer.body());
        }
        let first = times[0];
        times.sort_unstable();
        let (p50, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let ratio = p95.as_secs_f64() / LIMIT.as_secs_f64();
        println!("{kind:<26}{:>9.1}{:>9.1}{:>9.1}  {ratio:.2}", ms(first), ms(p50), ms(p95));
        if ratio > 1.0 {
            slow.push(kind);
        }
    }
    println!("memory {} MiB now", memory("VmRSS"));
    assert!(slow.is_empty(), "above the limit: {slow:?}");
}
