//! Evaluation suites over the REST API: run on a model whose trainer is a script, and on an endpoint; what fails midway is gone on
//! with; gates, differences, slices and exports.

use crate::script::Script;
use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use domain::{
    id::{ModelId, UserId},
    model::{ModelCard, ModelFormat, ModelSource},
};
use serde_json::{Value, json};
use server::config::{Config, Endpoint};
use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::{PgPool, models::NewModel};

/// A trainer that finds everything positive, and dies of the second evaluation that it is asked for, once.
const TRAINER: &str = r#"#!/bin/sh
here=$(dirname "$0")
while [ $# -gt 0 ]; do
    case $1 in --test) test=$2; shift ;; --out) out=$2; shift ;; esac
    shift
done
echo evaluation >>"$here/asked"
if [ "$(wc -l <"$here/asked")" -eq 2 ]; then
    echo 'error: out of luck' >&2
    exit 1
fi
mkdir -p "$out"
echo '{"event":"phase","phase":"scoring","done":1,"total":2,"elapsed_ms":1}'
index=0
while read -r line; do
    label=$(printf '%s' "$line" | sed 's/.*"label":"\([a-z]*\)".*/\1/')
    correct=false
    [ "$label" = pos ] && correct=true
    printf '{"index":%s,"output":"pos","expected":"%s","correct":%s,"scores":{"latency_ms":12.5,"negative_log_likelihood":0.5}}\n' \
        "$index" "$label" "$correct"
    index=$((index + 1))
done <"$test" >"$out/predictions.jsonl"
echo '{"task":"classification","samples":1,"values":{"perplexity":1.6}}' >"$out/metrics.json"
echo '{"elapsed_ms":3600000,"batch":8,"peak_memory_mib":321.5,"input_tokens":null,"output_tokens":null}' >"$out/timing.json"
"#;

/// A trainer whose answers are all the same JSON, each second one a program that passes. Beside a file `no-walls` it runs none.
const WRITER: &str = r#"#!/bin/sh
here=$(dirname "$0")
command=$1
while [ $# -gt 0 ]; do
    case $1 in
        --test) test=$2; shift ;; --out) out=$2; shift ;; --answers) answers=$2; shift ;; --only-walls) walls=1 ;;
    esac
    shift
done
if [ -n "$walls" ]; then
    [ -e "$here/no-walls" ] || { echo true; exit 0; }
    echo 'error: no program was run: there is no namespace' >&2
    exit 1
fi
echo '{"event":"phase","phase":"scoring","done":1,"total":2,"elapsed_ms":1}'
index=0
if [ "$command" = code-check ]; then
    while read -r line; do
        printf '{"index":%s,"programs_tried":1,"programs_passed":%s,"output":""}\n' "$index" $((index % 2))
        index=$((index + 1))
    done <"$answers" >"$out"
    exit 0
fi
mkdir -p "$out"
scores='{"negative_log_likelihood":2,"reference_tokens":4,"reference_bytes":8}'
while read -r line; do
    printf '{"index":%s,"output":"{\\"a\\": 1}","expected":"x","correct":false,"scores":%s}\n' "$index" "$scores"
    index=$((index + 1))
done <"$test" >"$out/predictions.jsonl"
echo '{"task":"generation","samples":1,"values":{"perplexity":1.6}}' >"$out/metrics.json"
echo '{"elapsed_ms":1000,"batch":8,"peak_memory_mib":1.0,"input_tokens":null,"output_tokens":null}' >"$out/timing.json"
"#;

/// How many questions were asked, and the number of the one that is refused for want of a key; 0 is none.
type Weary = (Arc<AtomicUsize>, usize);

/// A service that finds everything negative, but refuses the question of this number.
async fn service((asked, weary): Weary) -> Endpoint {
    async fn answer(State((asked, weary)): State<Weary>) -> Result<Json<Value>, StatusCode> {
        if asked.fetch_add(1, Ordering::SeqCst) + 1 == weary {
            return Err(StatusCode::UNAUTHORIZED);
        }
        Ok(Json(json!({
            "choices": [{ "message": { "role": "assistant", "content": "Neg." } }],
            "usage": { "prompt_tokens": 1000, "completion_tokens": 500 },
        })))
    }
    let app = Router::new().route("/v1/chat/completions", post(answer)).with_state((asked, weary));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Endpoint { name: "house".to_owned(), url, model: "m".to_owned(), key: None, key_variable: None }
}

fn settings(config: &mut Config, trainer: &str, endpoint: Endpoint) {
    std::fs::write(&config.trainer, trainer).unwrap();
    std::fs::set_permissions(&config.trainer, std::fs::Permissions::from_mode(0o755)).unwrap();
    config.endpoints = vec![endpoint];
}

async fn model(script: &Script) -> ModelId {
    let card = ModelCard {
        architecture: "LlamaForCausalLM".to_owned(),
        family: "llama".to_owned(),
        format: ModelFormat::Gguf,
        parameters: 1000,
        layers: 2,
        hidden_size: 8,
        intermediate_size: 16,
        attention_heads: 2,
        key_value_heads: 1,
        head_dim: 4,
        context_length: 512,
        vocabulary: 100,
        quantization: "F32".to_owned(),
        licence: None,
        chat_template: None,
        tied_embeddings: true,
        size_bytes: 4000,
    };
    let user: uuid::Uuid = sqlx::query_scalar("select id from users limit 1").fetch_one(&script.app.db).await.unwrap();
    let new = NewModel {
        project: script.project,
        name: "Tiny",
        source: &ModelSource::Path { path: "/models/tiny".to_owned() },
        card: &card,
        files: &[],
        by: UserId(user),
    };
    store::models::create(&script.app.db, new).await.unwrap()
}

async fn version(script: &Script) -> String {
    let row = |i: usize| {
        let (label, shop) = (if i.is_multiple_of(2) { "pos" } else { "neg" }, if i < 60 { "north" } else { "south" });
        format!("This was film {i} and I saw it,{label},{shop}\n")
    };
    let rows: String = (0..120).map(row).collect();
    let split = json!({ "seed": 1, "train": 1, "validation": 1, "test": 18 });
    let file = format!("text,label,shop\n{rows}").into_bytes();
    let job = script.imported("films.csv", file, json!({ "split": split })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    job["result"]["version_id"].as_str().unwrap().to_owned()
}

async fn send(script: &Script, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, text) = script.call(method, path, body.to_string().into_bytes()).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The job of a candidate that takes the suite, once it is over.
async fn taken(script: &Script, suite: &str, candidate: &Value) -> Value {
    let (status, job) = send(script, "POST", &format!("{suite}/runs"), &json!({ "candidate": candidate })).await;
    assert_eq!(status, 202, "{job}");
    script.finish(job["id"].as_str().unwrap()).await
}

#[sqlx::test(migrations = "../migrations")]
async fn candidates_take_a_suite(db: PgPool) {
    let endpoint = service((Arc::default(), 0)).await;
    let script = Script::with(db, |config| settings(config, TRAINER, endpoint)).await;
    let (model, version) = (model(&script).await, version(&script).await);
    let evaluation = |key: &str, filter: Value| {
        json!({
            "key": key, "version_id": version, "task": "classification", "metrics": ["accuracy", "f1_macro"],
            "filter": filter, "gates": ["accuracy >= 0.9", "latency_ms <= 100", "accuracy within 0.1 of baseline"],
        })
    };
    let prices = json!({ "per_hour": 2.0, "endpoints": { "house": { "input": 1.0, "output": 2.0 } } });
    let evaluations = json!([evaluation("all", json!([])), evaluation("pos", json!(["label:pos"]))]);
    let design = json!({ "evaluations": evaluations, "prices": prices });
    let (status, made) = send(&script, "POST", "/suites", &json!({ "name": "Gate", "design": design })).await;
    assert_eq!(status, 201, "{made}");
    let suite = format!("/suites/{}", made["id"].as_str().unwrap());
    let unknown = json!({ "candidate": { "kind": "endpoint", "name": "other" } });
    assert_eq!(send(&script, "POST", &format!("{suite}/runs"), &unknown).await.0, 422);

    // What was finished before the trainer died is not asked again.
    let base = json!({ "kind": "model", "model_id": model });
    let job = taken(&script, &suite, &base).await;
    assert_eq!((&job["status"], &job["failure"]["code"]), (&json!("failed"), &json!("not_answered")), "{job}");
    let job = taken(&script, &suite, &base).await;
    assert_eq!((&job["result"]["evaluated"], &job["result"]["kept"]), (&json!(1), &json!(1)), "{job}");
    let table = script.get(&format!("{suite}/table")).await;
    let cell = |table: &Value, row: usize, column: usize| table["rows"][row]["cells"][column].clone();
    let (all, pos) = (cell(&table, 0, 0), cell(&table, 0, 1));
    assert_eq!(pos["scores"]["accuracy"]["value"], 1.0, "{pos}");
    assert!(all["samples"].as_u64() > Some(80) && all["scores"]["accuracy"]["interval"]["low"].as_f64() < Some(0.5));
    let standings = |cell: &Value| {
        let gates = cell["gates"].as_array().unwrap().clone();
        gates.iter().map(|gate| gate["standing"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(standings(&all), ["missed", "met", "inconclusive"]);
    assert_eq!(standings(&pos)[0], "met");
    assert_eq!(
        (&all["scores"]["peak_memory_mib"]["value"], &all["scores"]["latency_ms"]["value"]),
        (&json!(321.5), &json!(12.5))
    );
    let answers = all["samples"].as_f64().unwrap();
    assert!(
        (all["scores"]["cost_per_1000"]["value"].as_f64().unwrap() - 2000.0 / answers).abs() < 1e-9,
        "an hour of 2"
    );

    // Against the pinned baseline, an endpoint that is right about the others alone.
    let pin = json!({ "candidate": base, "label": "first", "is_main": true });
    assert_eq!(send(&script, "PUT", &format!("{suite}/baselines"), &pin).await.0, 200);
    let job = taken(&script, &suite, &json!({ "kind": "endpoint", "name": "house" })).await;
    assert_eq!((&job["result"]["evaluated"], &job["result"]["alarms"]), (&json!(2), &json!(2)), "{job}");
    let table = script.get(&format!("{suite}/table")).await;
    assert_eq!(table["rows"][0]["is_baseline"], true);
    let pos = cell(&table, 1, 1);
    assert_eq!((&pos["scores"]["accuracy"]["value"], &standings(&pos)[2]), (&json!(0.0), &"missed".to_owned()));
    let differences = pos["differences"].as_array().unwrap();
    let macro_f1 = differences.iter().find(|d| d["metric"] == "f1_macro").unwrap();
    assert_eq!((&macro_f1["from"], &macro_f1["to"]), (&json!(1.0), &json!(0.0)), "{macro_f1}");
    assert!(macro_f1["p_value"].as_f64().unwrap() < 0.001 && macro_f1["interval"][1].as_f64().unwrap() < 0.0);
    let cost = cell(&table, 1, 0)["scores"]["cost_per_1000"]["value"].as_f64().unwrap();
    assert!((cost - 2.0).abs() < 1e-9, "1000 tokens at 1 and 500 at 2 for a million: {cost}");
    let alarms = script.get("/suite-alarms").await;
    assert_eq!((&alarms[0]["evaluation"], &alarms[0]["candidate_name"]), (&json!("pos"), &json!("house")), "{alarms}");
    let overview = script.get("/overview").await;
    assert_eq!(overview["alarms"].as_array().unwrap().len(), 2, "accuracy and macro F1");

    // Every number opens its answers, and they can be cut.
    let result = format!("{suite}/results/{}", all["result_id"].as_str().unwrap());
    let wrong = script.get(&format!("{result}/predictions?outcome=wrong&limit=500")).await;
    let wrong = wrong["items"].as_array().unwrap();
    assert!(!wrong.is_empty() && wrong.iter().all(|p| p["expected"] == "neg" && p["output"] == "pos"));
    let north = script.get(&format!("{result}/predictions?slice=shop:north&limit=500")).await;
    assert!(north["items"].as_array().unwrap().iter().all(|p| p["sample"]["slices"]["shop"] == "north"));
    // The job that made this result died before it could cut it: whoever asks has another one do that, once.
    let (status, job) = send(&script, "GET", &format!("{result}/slices"), &Value::Null).await;
    assert_eq!((status, &job["kind"]), (202, &json!("slice_result")), "{job}");
    assert_eq!(script.finish(job["id"].as_str().unwrap()).await["status"], "succeeded");
    let slices = script.get(&format!("{result}/slices")).await;
    let worst = &slices["worst"]["slices"][0]["conditions"][0];
    assert_eq!((&worst["field"], &worst["value"]), (&json!("label"), &json!("neg")), "{slices}");
    let house = format!("{suite}/results/{}/slices", cell(&table, 1, 0)["result_id"].as_str().unwrap());
    assert_eq!(script.get(&house).await["metric"], "accuracy", "what was run without a mishap is cut already");
    let (status, csv) = script.call("GET", &format!("{suite}/table?format=csv"), Vec::new()).await;
    assert!(status.is_success() && csv.starts_with("candidate,name,evaluation,metric,value"), "{csv}");

    // Before training: the model is the best on one, and the endpoint surely worse there.
    let bake_off = script.get(&format!("{suite}/bake-off")).await;
    let row = bake_off["rows"].as_array().unwrap().iter().find(|row| row["name"] == "house").unwrap().clone();
    assert_eq!(row["cells"][1]["verdict"], "worse", "{bake_off}");

    // No run has taken it, so that there is nothing over seeds.
    let seeds = script.get(&format!("{suite}/seeds")).await;
    assert_eq!((&seeds["groups"], &seeds["pending"]), (&json!([]), &json!(0)), "{seeds}");
    let unknown = format!("{suite}/seeds?runs={}", domain::id::RunId::new());
    assert_eq!(send(&script, "GET", &unknown, &Value::Null).await.0, 422);
    let none = json!({ "suite_id": made["id"], "version": 1, "runs": [], "against": null });
    let user: uuid::Uuid = sqlx::query_scalar("select id from users limit 1").fetch_one(&script.app.db).await.unwrap();
    let kind = store::suites::ask::SEED_KIND;
    let job = store::jobs::enqueue(&script.app.db, script.project, kind, &none, UserId(user)).await.unwrap();
    assert_eq!(script.finish(&job.to_string()).await["result"], json!({ "computed": 0 }));

    // A target moves with what was evaluated, and a new gate needs no new answers.
    let target =
        json!({ "suite_id": made["id"], "evaluation": "pos", "metric": "latency_ms", "way": "at_most", "limit": 1e6 });
    let (status, targets) = send(&script, "POST", "/targets", &target).await;
    assert_eq!((status, &targets[0]["standing"]), (200, &json!("met")), "{targets}");
    let mut design = script.get(&suite).await["design"].clone();
    design["evaluations"][0]["gates"] = json!(["accuracy >= 0.1"]);
    let (status, edited) = send(&script, "PATCH", &suite, &json!({ "design": design, "seen": 1 })).await;
    assert_eq!((status, &edited["version"]), (200, &json!(2)), "{edited}");
    assert_eq!(send(&script, "PATCH", &suite, &json!({ "design": made["design"], "seen": 1 })).await.0, 409);
    let table = script.get(&format!("{suite}/table")).await;
    assert_eq!(standings(&cell(&table, 0, 0)), ["met"]);

    // A slice with a name needs none either; what was cut without it is not shown as if it were current.
    let named = |filter: Value| json!([{ "name": "north and wrong", "filter": filter }]);
    design["evaluations"][0]["named_slices"] = named(json!(["tag:x"]));
    let (status, refused) = send(&script, "PATCH", &suite, &json!({ "design": design, "seen": 2 })).await;
    assert_eq!((status, &refused["errors"][0]["field"]), (422, &json!("named_slices")), "{refused}");
    assert!(refused.to_string().contains("north and wrong"), "{refused}");
    design["evaluations"][0]["named_slices"] = named(json!(["slice.shop:north", "label:neg"]));
    let (status, edited) = send(&script, "PATCH", &suite, &json!({ "design": design, "seen": 2 })).await;
    assert_eq!((status, &edited["version"]), (200, &json!(3)), "{edited}");
    let (status, job) = send(&script, "GET", &format!("{result}/slices"), &Value::Null).await;
    assert_eq!(status, 202, "{job}");
    assert_eq!(script.finish(job["id"].as_str().unwrap()).await["status"], "succeeded");
    let slices = script.get(&format!("{result}/slices")).await;
    let mut fields = slices["fields"].as_array().unwrap().iter();
    let own = fields.find(|field| field["field"] == "named.north and wrong").unwrap()["slices"].clone();
    let inside = own.as_array().unwrap().iter().find(|slice| slice["conditions"][0]["value"] == "in").unwrap().clone();
    assert_eq!((&inside["value"], &inside["verdict"]), (&json!(0.0), &json!("worse")), "{own}");

    // Another baseline: nobody who looks compares, and no figures are sent with holes in them.
    let other = json!({ "candidate": { "kind": "endpoint", "name": "house" }, "label": "next", "is_main": true });
    sqlx::query("delete from suite_comparisons").execute(&script.app.db).await.unwrap();
    sqlx::query("update jobs set status = 'cancelled' where status in ('queued', 'running')")
        .execute(&script.app.db)
        .await
        .unwrap();
    assert_eq!(send(&script, "PUT", &format!("{suite}/baselines"), &other).await.0, 200);
    let job: uuid::Uuid =
        sqlx::query_scalar("select id from jobs where kind = 'compare_suite' order by created_at desc limit 1")
            .fetch_one(&script.app.db)
            .await
            .unwrap();
    // Two evaluations with the baseline's, and where another one is the best, with that.
    assert!(script.finish(&job.to_string()).await["result"]["compared"].as_u64() >= Some(2));
    let table = script.get(&format!("{suite}/table")).await;
    assert_eq!((&table["pending"], &table["rows"][0]["name"]), (&json!(0), &json!("house")));
    assert!(!cell(&table, 1, 0)["differences"].as_array().unwrap().is_empty(), "{table}");
    let (status, toml) = script.call("GET", &format!("{suite}/design.toml?version=1"), Vec::new()).await;
    assert!(status.is_success() && toml.contains("accuracy within 0.1 of baseline"), "{toml}");
    assert_eq!(send(&script, "DELETE", &suite, &Value::Null).await.0, 204);
    assert_eq!(script.get("/suites").await, json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn answers_are_held_against_schema_likelihoods_and_tests(db: PgPool) {
    let endpoint = service((Arc::default(), 0)).await;
    let script = Script::with(db, |config| settings(config, WRITER, endpoint)).await;
    let (model, version) = (model(&script).await, version(&script).await);
    let design = |schema: &str| {
        json!({ "evaluations": [{
            "key": "written", "version_id": version, "task": "generation", "json_schema": schema,
            "metrics": ["schema_match", "perplexity", "bits_per_byte", "pass_at_1"], "gates": ["perplexity <= 8"],
        }] })
    };
    let body = json!({ "name": "Code", "design": design(r#"{"pattern": "x"}"#) });
    let (status, refused) = send(&script, "POST", "/suites", &body).await;
    assert_eq!(status, 422, "{refused}");
    assert!(refused.to_string().contains("pattern"), "{refused}");
    let body = json!({ "name": "Code", "design": design(r#"{"type": "object", "required": ["a"]}"#) });
    let (status, made) = send(&script, "POST", "/suites", &body).await;
    assert_eq!(status, 201, "{made}");
    let suite = format!("/suites/{}", made["id"].as_str().unwrap());

    // Where no program can be run, no model answers in vain.
    let no_walls = script.app.state.config.trainer.with_file_name("no-walls");
    std::fs::write(&no_walls, "").unwrap();
    let base = json!({ "kind": "model", "model_id": model });
    let failure = taken(&script, &suite, &base).await["failure"].clone();
    assert_eq!((&failure["code"], &failure["evaluation"]), (&json!("no_programs"), &json!("written")), "{failure}");
    assert!(failure["detail"].as_str().unwrap().contains("no namespace"), "{failure}");
    std::fs::remove_file(&no_walls).unwrap();

    let job = taken(&script, &suite, &base).await;
    assert_eq!((&job["status"], &job["result"]["evaluated"]), (&json!("succeeded"), &json!(1)), "{job}");
    let job = taken(&script, &suite, &json!({ "kind": "endpoint", "name": "house" })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let table = script.get(&format!("{suite}/table")).await;
    let of = |kind: &str| {
        let rows = table["rows"].as_array().unwrap();
        rows.iter().find(|row| row["candidate"]["kind"] == kind).unwrap()["cells"][0].clone()
    };
    let (local, remote) = (of("model"), of("endpoint"));
    let value = |cell: &Value, metric: &str| cell["scores"][metric]["value"].as_f64();
    assert!((value(&local, "perplexity").unwrap() - 2f64.exp()).abs() < 1e-9, "{local}");
    assert!((value(&local, "bits_per_byte").unwrap() - 1.0 / std::f64::consts::LN_2).abs() < 1e-9, "{local}");
    assert_eq!((value(&local, "schema_match"), value(&remote, "schema_match")), (Some(1.0), Some(0.0)));
    let (passed, samples) = (value(&local, "pass_at_1").unwrap(), local["samples"].as_f64().unwrap());
    assert!((passed - (samples / 2.0).floor() / samples).abs() < 1e-9, "{local}");
    assert_eq!(local["gates"][0]["standing"], "met", "{local}");
    assert_eq!((value(&remote, "perplexity"), value(&remote, "bits_per_byte")), (None, None), "an endpoint tells none");
    assert_eq!(remote["gates"][0]["standing"], "inconclusive");
    // A program that passes is a right answer.
    let result = format!("{suite}/results/{}", local["result_id"].as_str().unwrap());
    let right = script.get(&format!("{result}/predictions?outcome=right&limit=500")).await;
    let right = right["items"].as_array().unwrap();
    assert!(!right.is_empty() && right.iter().all(|p| p["scores"]["pass_at_1"] == 1.0), "{right:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_is_asked_each_question_once(db: PgPool) {
    let asked = Arc::new(AtomicUsize::new(0));
    let endpoint = service((asked.clone(), 22)).await;
    let script = Script::with(db, |config| settings(config, TRAINER, endpoint)).await;
    let evaluation = json!({ "key": "all", "version_id": version(&script).await, "task": "classification" });
    let design = json!({ "evaluations": [evaluation] });
    let (status, made) = send(&script, "POST", "/suites", &json!({ "name": "Gate", "design": design })).await;
    assert_eq!(status, 201, "{made}");
    let suite = format!("/suites/{}", made["id"].as_str().unwrap());
    let house = json!({ "kind": "endpoint", "name": "house" });
    let job = taken(&script, &suite, &house).await;
    assert_eq!(job["failure"]["code"], "not_answered", "{job}");
    let kept: i64 = sqlx::query_scalar("select count(*) from suite_answers").fetch_one(&script.app.db).await.unwrap();
    assert_eq!((kept, asked.load(Ordering::SeqCst)), (23, 24), "those beside the refused one, too");

    // Only the rest is asked, and the figures are those of all answers.
    let job = taken(&script, &suite, &house).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let table = script.get(&format!("{suite}/table")).await;
    let cell = &table["rows"][0]["cells"][0];
    let samples = cell["samples"].as_u64().unwrap() as usize;
    assert_eq!(asked.load(Ordering::SeqCst), samples + 1);
    let result = format!("{suite}/results/{}", cell["result_id"].as_str().unwrap());
    let answers = script.get(&format!("{result}/predictions?limit=500")).await;
    assert!(
        answers["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p["output"] == "neg" && p["scores"]["answer_tokens"] == 500.0)
    );
    let kept: i64 = sqlx::query_scalar("select count(*) from suite_answers").fetch_one(&script.app.db).await.unwrap();
    assert_eq!(kept, 0, "the result has them");

    // Asked again, it answers everything again.
    let request = json!({ "candidate": house, "again": true });
    let (_, job) = send(&script, "POST", &format!("{suite}/runs"), &request).await;
    let job = script.finish(job["id"].as_str().unwrap()).await;
    assert_eq!((&job["result"]["evaluated"], asked.load(Ordering::SeqCst)), (&json!(1), 2 * samples + 1), "{job}");
}
