//! What annotation comes to, over the REST API: judgements from files, agreement, consensus, the next version, files.

use crate::script::Script;
use crate::support::Credential;
use domain::{
    access::{Role, TokenScope},
    id::UserId,
};
use serde_json::{Value, json};
use store::PgPool;

async fn send(script: &Script, method: &str, path: &str, request: &Value) -> (u16, Value) {
    let (status, text) = script.call(method, path, request.to_string().into_bytes()).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn file(script: &Script, path: &str) -> String {
    let (status, text) = script.call("GET", path, Vec::new()).await;
    assert_eq!(status.as_u16(), 200, "{text}");
    text
}

async fn upload(script: &Script, name: &str, text: &str) -> String {
    let (status, text) = script.call("POST", &format!("/uploads?file_name={name}"), text.as_bytes().to_vec()).await;
    assert_eq!(status.as_u16(), 201, "{text}");
    serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap().to_owned()
}

/// A version of reviews, and an open task that asks of each who is named and how it sounds; the paths of both.
async fn place(script: &Script) -> (String, String) {
    let texts = ["王小明😀 came", "=Ann came", "Bob left", "nobody"];
    let rows: String = texts.iter().map(|text| format!("{text},old\n")).collect();
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
    let job = script.imported("films.csv", format!("text,label\n{rows}").into_bytes(), json!({ "split": split })).await;
    let version = job["result"]["version_id"].as_str().unwrap().to_owned();
    let new = json!({
        "name": "names",
        "source": { "kind": "version", "version_id": version, "splits": ["train"] },
        "design": { "questions": [
            { "name": "tone", "title": "Tone?", "kind": "choice", "options": [{ "value": "=good" }, { "value": "bad" }] },
            { "name": "who", "title": "Who?", "kind": "spans", "labels": [{ "value": "PER" }] },
        ] },
        "distribution": { "overlap": 3 },
    });
    let (status, made) = send(script, "POST", "/annotation-tasks", &new).await;
    assert_eq!(status, 201, "{made}");
    let job = script.finish(made["job_id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let task = format!("/annotation-tasks/{}", made["task_id"].as_str().unwrap());
    let (status, opened) = send(script, "PUT", &format!("{task}/status"), &json!({ "status": "open" })).await;
    assert_eq!(status, 200, "{opened}");
    (format!("/versions/{version}"), task)
}

/// What three people say of the four items, as lines of a file: of the third they differ, of the fourth nobody can judge it.
fn lines(items: &[Value]) -> String {
    let mut lines = String::new();
    for (at, item) in items.iter().enumerate() {
        for (person, name) in ["Ada", "Bea", "Cem"].into_iter().enumerate() {
            let tone = if at == 1 && person == 2 { "bad" } else { "=good" };
            let spans = match (at, person) {
                (0 | 1, _) => json!([{ "start": u32::from(at == 1), "end": 3 + u32::from(at == 1), "label": "PER" }]),
                _ => json!([]),
            };
            let mut line = json!({ "item_id": item["id"], "by": name });
            if at == 3 {
                line["cannot_judge"] = true.into();
            } else {
                line["answers"] =
                    json!({ "tone": { "kind": "choice", "value": tone }, "who": { "kind": "spans", "spans": spans } });
            }
            lines += &format!("{line}\n");
        }
    }
    // No such option, no such item, and no judgement at all.
    lines += &format!(
        "{}\n",
        json!({ "item_id": items[0]["id"], "by": "Eve", "answers": { "tone": { "kind": "choice", "value": "?" } } })
    );
    lines += "{\"item_id\": 1000000000, \"by\": \"Eve\", \"answers\": {}}\nnot json\n";
    lines
}

#[sqlx::test(migrations = "../migrations")]
async fn judgements_become_a_version_with_their_confidence(db: PgPool) {
    let script = Script::new(db).await;
    let (parent, task) = place(&script).await;
    let items = script.get(&format!("{task}/items")).await;
    let items = items["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 4);
    let upload_id = upload(&script, "judged.jsonl", &lines(&items)).await;
    let request = json!({ "upload_id": upload_id, "kind": "judgements" });
    for (taken, again) in [(12, 0), (0, 12)] {
        let (status, job) = send(&script, "POST", &format!("{task}/import"), &request).await;
        assert_eq!(status, 202, "{job}");
        let job = script.finish(job["id"].as_str().unwrap()).await;
        assert_eq!(job["status"], "succeeded", "{job}");
        let done = &job["result"];
        assert_eq!((&done["taken"], &done["again"]), (&json!(taken), &json!(again)), "{done}");
        assert_eq!((&done["unknown"], &done["refused"]), (&json!(1), &json!(2)), "{done}");
    }
    // The fourth item, which nobody could judge, was left out when its judgements came.
    let (status, done) = send(&script, "POST", &format!("{task}/consensus"), &json!({ "method": "majority" })).await;
    assert_eq!((status, &done["decided"], &done["undecided"]), (200, &json!(3), &json!(0)), "{done}");
    let agreement = script.get(&format!("{task}/agreement")).await;
    assert_eq!((&agreement["items"], agreement["questions"].as_array().unwrap().len()), (&json!(4), 2), "{agreement}");
    assert_eq!(agreement["questions"][1]["value"], json!(1.0), "all mark the same: {agreement}");
    let board = script.get(&format!("{task}/board")).await;
    assert_eq!((&board["counts"]["judged"], &board["counts"]["excluded"]), (&json!(3), &json!(1)), "{board}");

    let publish = |request: Value| {
        let (script, path) = (&script, format!("{task}/publish"));
        async move {
            let (status, job) = send(script, "POST", &path, &request).await;
            if status == 202 { (status, script.finish(job["id"].as_str().unwrap()).await) } else { (status, job) }
        }
    };
    let (status, problem) = publish(json!({ "questions": { "who": "label" } })).await;
    assert_eq!(status, 422, "{problem}");
    let (_, job) = publish(json!({ "questions": { "tone": "label" }, "min_confidence": 0.7 })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    let next = format!("/versions/{}", job["result"]["version_id"].as_str().unwrap());
    let version = script.get(&next).await;
    assert_eq!(
        (&version["origin"]["kind"], &version["origin"]["labelled"]),
        (&json!("annotated"), &json!(2)),
        "{version}"
    );
    assert_eq!(version["origin"]["left_out"], 2, "one that people were not sure of, one that nobody could judge");
    assert_eq!(format!("/versions/{}", version["parent"]["id"].as_str().unwrap()), parent);
    let samples = script.get(&format!("{next}/samples")).await;
    let sample = &samples["items"][0]["sample"];
    assert_eq!((&sample["label"], &sample["slices"]["annotation_confidence"]), (&json!("=good"), &json!("1.0000")));
    assert_eq!(sample["slices"]["annotators"], "3");
    let (_, job) =
        publish(json!({ "questions": { "tone": "slice" }, "min_confidence": 0.0, "only_judged": true })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
}

#[sqlx::test(migrations = "../migrations")]
async fn labels_leave_in_the_files_that_others_read(db: PgPool) {
    let script = Script::new(db).await;
    let (_, task) = place(&script).await;
    let items = script.get(&format!("{task}/items")).await["items"].as_array().unwrap().clone();
    let upload_id = upload(&script, "judged.jsonl", &lines(&items)).await;
    let (_, job) =
        send(&script, "POST", &format!("{task}/import"), &json!({ "upload_id": upload_id, "kind": "judgements" }))
            .await;
    script.finish(job["id"].as_str().unwrap()).await;
    send(&script, "POST", &format!("{task}/consensus"), &json!({ "method": "dawid_skene" })).await;

    let raw = file(&script, &format!("{task}/export?kind=judgements")).await;
    assert_eq!(raw.lines().count(), 12);
    let csv = file(&script, &format!("{task}/export?kind=csv")).await;
    assert!(
        csv.starts_with("item_id,sample_id,rank,status,judgements,method,tone,who,tone_confidence,who_confidence\n"),
        "{csv}"
    );
    assert!(csv.contains(",'=good,0-3:PER,") && !csv.contains(",=good,"), "no cell is a formula: {csv}");
    let kept = file(&script, &format!("{task}/export?kind=csv&keep_formulas=true")).await;
    assert!(kept.contains(",=good,"), "{kept}");
    let conll = file(&script, &format!("{task}/export?kind=conll")).await;
    assert!(conll.contains("王 0 1 B-PER\n小 1 2 I-PER\n明 2 3 I-PER\n😀 3 4 O\n"), "{conll}");
    assert!(conll.contains("= 0 1 O\nAnn 1 4 B-PER\ncame 5 9 O\n"), "{conll}");
    let consensus = file(&script, &format!("{task}/export?kind=consensus")).await;
    assert_eq!(consensus.lines().count(), 3, "{consensus}");
    // What Label Studio would be given is taken back as it was.
    let tasks = file(&script, &format!("{task}/export?kind=label_studio")).await;
    assert_eq!(serde_json::from_str::<Value>(&tasks).unwrap().as_array().unwrap().len(), 4);
    let upload_id = upload(&script, "tasks.json", &tasks).await;
    let (_, job) =
        send(&script, "POST", &format!("{task}/import"), &json!({ "upload_id": upload_id, "kind": "label_studio" }))
            .await;
    let job = script.finish(job["id"].as_str().unwrap()).await;
    assert_eq!((&job["result"]["taken"], &job["result"]["again"]), (&json!(0), &json!(12)), "{job}");
}

#[sqlx::test(migrations = "../migrations")]
async fn annotators_judge_blind(db: PgPool) {
    let mut script = Script::new(db).await;
    let (_, task) = place(&script).await;
    let items = script.get(&format!("{task}/items")).await["items"].as_array().unwrap().clone();
    let upload_id = upload(&script, "judged.jsonl", &lines(&items)).await;
    let request = json!({ "upload_id": upload_id, "kind": "judgements" });
    let (_, job) = send(&script, "POST", &format!("{task}/import"), &request).await;
    script.finish(job["id"].as_str().unwrap()).await;
    let owner: (uuid::Uuid,) = sqlx::query_as("select id from users limit 1").fetch_one(&script.app.db).await.unwrap();
    let annotator = script.app.person("ann").await;
    script.app.join(UserId(owner.0), script.project, annotator, Role::Annotator).await;
    script.credential = Credential::Script(script.app.token(annotator, TokenScope::Write, None).await);
    for hidden in ["agreement", "guidelines/1/touched", "export?kind=judgements"] {
        let (status, text) = script.call("GET", &format!("{task}/{hidden}"), Vec::new()).await;
        assert_eq!(status.as_u16(), 403, "{hidden}: {text}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn spans_come_from_tagged_tokens_and_leave_as_such(db: PgPool) {
    let script = Script::new(db).await;
    let (version, _) = place(&script).await;
    let new = json!({
        "name": "spans",
        "source": { "kind": "version", "version_id": version.trim_start_matches("/versions/"), "splits": ["train"] },
        "design": { "questions": [{ "name": "who", "title": "Who?", "kind": "spans", "labels": [{ "value": "PER" }] }] },
    });
    let (status, made) = send(&script, "POST", "/annotation-tasks", &new).await;
    assert_eq!(status, 201, "{made}");
    script.finish(made["job_id"].as_str().unwrap()).await;
    let task = format!("/annotation-tasks/{}", made["task_id"].as_str().unwrap());
    let read = async |name: &str, text: &str| {
        let request = json!({ "upload_id": upload(&script, name, text).await, "kind": "conll" });
        let (_, job) = send(&script, "POST", &format!("{task}/import"), &request).await;
        let job = script.finish(job["id"].as_str().unwrap()).await;
        assert_eq!(job["status"], "succeeded", "{job}");
        job["result"].clone()
    };
    let tagged = "王小明\tB-PER\n😀\tO\ncame\tO\n\nBob\tS-PER\nleft\tO\n\nEve\tB-PER\n\nnobody\tB-ORG\n\nnobody\n";
    let done = read("tagged.conll", tagged).await;
    assert_eq!((&done["taken"], &done["unknown"], &done["refused"]), (&json!(2), &json!(1), &json!(2)), "{done}");
    let lines: Vec<_> = done["examples"].as_array().unwrap().iter().map(|told| told["at"].clone()).collect();
    assert_eq!(lines, [8, 10, 12], "{done}");
    send(&script, "POST", &format!("{task}/consensus"), &json!({ "method": "majority" })).await;
    let conll = file(&script, &format!("{task}/export?kind=conll")).await;
    assert!(conll.contains("明 2 3 I-PER\n") && conll.contains("Bob 0 3 B-PER\n"), "{conll}");
    let done = read("again.conll", &conll).await;
    assert_eq!((&done["taken"], &done["again"]), (&json!(0), &json!(2)), "{done}");
}
