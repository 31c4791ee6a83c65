//! What a version says about itself, over the REST API and on its pages: comparison, data card, lineage; rows that are
//! forgotten; an edit of many samples.

use crate::script::Script;
use crate::support::Credential;
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use std::time::Duration;
use store::PgPool;

const FILE: &str =
    "text,label\nＡ good film,pos\nWrite to Ann@Example.org,pos\nA bad film,neg\nok,pos\nA fine film,pos\n";

async fn version(script: &Script) -> String {
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 0 });
    let job = script.imported("films.csv", FILE.as_bytes().to_vec(), json!({ "split": split })).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

/// Posts a request that starts a job; the version that it made.
async fn made(script: &Script, path: &str, request: Value) -> String {
    let (status, text) = script.call("POST", path, request.to_string().into_bytes()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    let job = script.finish(serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    format!("/versions/{}", job["result"]["version_id"].as_str().unwrap())
}

async fn cleaned(script: &Script, parent: &str) -> String {
    let steps = json!({ "steps": [{ "kind": "width" }, { "kind": "length", "within": "prompt", "least": 3 }] });
    made(script, &format!("{parent}/steps"), steps).await
}

async fn browser(script: &Script) -> Credential {
    let user = sqlx::query_scalar::<_, uuid::Uuid>("select id from users").fetch_one(&script.app.db).await.unwrap();
    Credential::Browser(script.app.session(domain::id::UserId(user)).await)
}

/// A page of the project.
async fn page(script: &Script, browser: &Credential, path: &str) -> String {
    let path = format!("/p/{}{path}", script.project);
    let answer = script.app.send(browser.request("GET", &path).body(Body::empty()).unwrap()).await;
    let html = String::from_utf8(answer.body().to_vec()).unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}: {html}");
    html
}

/// Posts a form to a server function; where it leads.
async fn post<S: leptos::server_fn::ServerFn>(script: &Script, browser: &Credential, form: String) -> String {
    let request = browser
        .request("POST", S::PATH)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = script.app.send(request.body(Body::from(form)).unwrap()).await;
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

#[sqlx::test(migrations = "../migrations")]
async fn versions_are_compared(db: PgPool) {
    let script = Script::new(db).await;
    let first = version(&script).await;
    let (status, _) = script.call("GET", &format!("{first}/diff"), Vec::new()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the first version was made from no other");
    let second = cleaned(&script, &first).await;
    let diff = script.get(&format!("{second}/diff")).await;
    assert_eq!(diff["counts"], json!({ "added": 0, "removed": 1, "changed": 1, "moved": 0 }));
    let row = &diff["rows"]["items"][0];
    assert_eq!(row["texts"][0]["pieces"][0], json!({ "kind": "removed", "text": "Ａ" }));
    assert_eq!(row["reasons"][0]["kind"], "width");
    let removed = script.get(&format!("{second}/diff?kind=removed")).await;
    assert_eq!(removed["rows"]["items"][0]["reasons"][0]["reason"]["code"], "too_short");
    assert_eq!(diff["labels"], json!([{ "name": "pos", "before": 4, "after": 3 }]));

    let dataset = script.get(&second).await["dataset_id"].as_str().unwrap().to_owned();
    let browser = browser(&script).await;
    let html = page(&script, &browser, &format!("/datasets/{dataset}/v/2/diff")).await;
    assert!(html.contains("<del>Ａ</del>") && html.contains("<ins>A</ins>"), "{html}");
    let html = page(&script, &browser, &format!("/datasets/{dataset}/v/2")).await;
    assert!(html.contains("/v/2/diff?from=1"), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn large_versions_are_compared_by_a_job(db: PgPool) {
    let script = Script::new(db).await;
    let second = cleaned(&script, &version(&script).await).await;
    let large = "update dataset_versions set stats = jsonb_set(stats, '{samples}', '20001')";
    sqlx::query(large).execute(&script.app.db).await.unwrap();
    let (status, job) = script.call("GET", &format!("{second}/diff"), Vec::new()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = script.finish(serde_json::from_str::<Value>(&job).unwrap()["id"].as_str().unwrap()).await;
    let counts = json!({ "added": 0, "removed": 1, "changed": 1, "moved": 0 });
    assert_eq!((&job["status"], &job["result"]), (&json!("succeeded"), &counts), "{job}");
    assert_eq!(script.get(&format!("{second}/diff")).await["counts"], counts);

    // The page of one that failed says so, and begins it again.
    let dataset = script.get(&second).await["dataset_id"].as_str().unwrap().to_owned();
    let browser = browser(&script).await;
    for forgotten in ["delete from version_diffs", "update jobs set status = 'cancelled' where kind = 'diff_versions'"]
    {
        sqlx::query(forgotten).execute(&script.app.db).await.unwrap();
    }
    let html = page(&script, &browser, &format!("/datasets/{dataset}/v/2/diff")).await;
    assert!(html.contains("The versions were not compared"), "{html}");
    let form = format!("project={}&dataset={dataset}&number=2&from=1&kind=removed&look=x%26y", script.project);
    let to = post::<app::diff::api::CompareAgain>(&script, &browser, form).await;
    assert!(to.ends_with("/v/2/diff?from=1&kind=removed&look=x%26y"), "{to}");
    let job = "select id from jobs where kind = 'diff_versions' order by created_at desc limit 1";
    let job = sqlx::query_scalar::<_, uuid::Uuid>(job).fetch_one(&script.app.db).await.unwrap();
    assert_eq!(script.finish(&job.to_string()).await["status"], "succeeded");
    let html = page(&script, &browser, &format!("/datasets/{dataset}/v/2/diff")).await;
    assert!(html.contains("<del>Ａ</del>"), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn test_samples_are_compared_on_record_alone(db: PgPool) {
    let script = Script::new(db).await;
    let split = json!({ "seed": 1, "train": 1, "validation": 0, "test": 1 });
    let lines = |word: &str| (0..20).map(|i| format!("{word} {i},pos\n")).collect::<String>();
    let file = |word: &str| format!("text,label\n{}", lines(word)).into_bytes();
    let job = script.imported("a.csv", file("old"), json!({ "split": split })).await;
    let (first, dataset) = (job["result"]["version_id"].clone(), job["result"]["dataset_id"].clone());
    let job = script.imported("b.csv", file("new"), json!({ "split": split, "dataset_id": dataset })).await;
    let second = format!("/versions/{}", job["result"]["version_id"].as_str().unwrap());
    let address = format!("{second}/diff?from={}&kind=added&limit=100", first.as_str().unwrap());
    let diff = script.get(&address).await;
    let rows = |diff: &Value| diff["rows"]["items"].as_array().unwrap().len() as u64;
    let test = script.get(&second).await["stats"]["test"].as_u64().unwrap();
    assert!(test > 0 && rows(&diff) == 20 - test && diff["sealed"].as_u64().unwrap() >= test, "{diff}");
    let opened = script.get(&format!("{address}&include_test=true")).await;
    assert_eq!((rows(&opened), &opened["sealed"]), (20, &json!(0)));
    let looks = script.get(&format!("{second}/test-looks")).await;
    assert_eq!(looks["count"], 1);

    let dataset = dataset.as_str().unwrap();
    let browser = browser(&script).await;
    let shown = async |query: &str| {
        let path = format!("/datasets/{dataset}/v/2/diff?from=1&kind=added{query}");
        page(&script, &browser, &path).await.matches("<ins>new").count() as u64
    };
    assert_eq!(shown("").await, 20 - test);
    let form = format!("project={}&dataset={dataset}&number=2&from=1", script.project);
    let to = post::<app::diff::api::LookAtDiff>(&script, &browser, form).await;
    let look = to.split("look=").nth(1).unwrap();
    assert_eq!(shown(&format!("&look={look}")).await, 20);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_is_for_people_and_for_the_hub(db: PgPool) {
    let script = Script::new(db).await;
    let second = cleaned(&script, &version(&script).await).await;
    let dataset = script.get(&second).await["dataset_id"].as_str().unwrap().to_owned();
    let text = json!({ "name": "films", "description": "What people say.", "license": "CC-BY-4.0" });
    let (status, said) = script.call("PUT", &format!("/datasets/{dataset}"), text.to_string().into_bytes()).await;
    assert_eq!((status, said.contains("CC-BY-4.0")), (StatusCode::OK, true), "{said}");
    let bad = json!({ "name": "films", "license": "x".repeat(201) });
    let (status, _) = script.call("PUT", &format!("/datasets/{dataset}"), bad.to_string().into_bytes()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let card = script.get(&format!("{second}/card.json")).await;
    assert_eq!((&card["steps"].as_array().unwrap().len(), &card["sources"][0]["file_name"]), (&2, &json!("films.csv")));
    let (_, markdown) = script.call("GET", &format!("{second}/card.md"), Vec::new()).await;
    for part in [
        "---\npretty_name: \"films\"\nlicense: cc-by-4.0\n",
        "task_categories:\n- text-classification\n",
        "\n# Data card of films v2\n\nWhat people say.\n",
        card["sources"][0]["sha256"].as_str().unwrap(),
        "steps width, length; 1 removed, 1 rewritten",
        "](http://lathe.test/p/",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let html = page(&script, &browser(&script).await, &format!("/datasets/{dataset}/v/2/card")).await;
    assert!(
        html.contains("CC-BY-4.0") && html.contains("films.csv") && html.contains("no step has looked for it"),
        "{html}"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lineage_is_drawn_and_listed(db: PgPool) {
    let script = Script::new(db).await;
    let first = version(&script).await;
    let second = cleaned(&script, &first).await;
    let id = |path: &str| path.trim_start_matches("/versions/").to_owned();
    let graph = script.get(&format!("/lineage?of=version:{}", id(&second))).await;
    let edge = json!({ "from": format!("version:{}", id(&first)), "to": format!("version:{}", id(&second)) });
    assert!(graph["edges"].as_array().unwrap().contains(&edge), "{graph}");
    let kinds: Vec<_> = graph["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["id"].as_str().unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(kinds, ["file", "version", "version"]);
    let (status, text) = script.call("GET", "/lineage?of=house:1", Vec::new()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    let browser = browser(&script).await;
    let html = page(&script, &browser, &format!("/lineage?of=version:{}", id(&second))).await;
    assert!(html.matches("lineage-node").count() == 3 && html.contains("films.csv"), "{html}");
    let sample = script.get(&format!("{second}/samples")).await["items"][0]["id"].clone();
    let html = page(&script, &browser, &format!("/lineage?of=sample:{sample}")).await;
    assert!(html.contains("lineage-sample lineage-item"), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn forgotten_rows_say_nothing_anywhere(db: PgPool) {
    let script = Script::new(db.clone()).await;
    let first = version(&script).await;
    let texts = json!({ "texts": ["ann@example.org"] });
    let (_, found) = script.call("POST", "/forgettings/preview", texts.to_string().into_bytes()).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["samples"], &found["versions"][0]["number"]), (&json!(1), &json!(1)), "{found}");
    let upload = found["files"][0]["upload_id"].as_str().unwrap().to_owned();
    let before = script.get(&format!("{first}/samples")).await["items"].as_array().unwrap().len();

    let erase = |samples: u64| json!({ "texts": ["ann@example.org"], "samples": samples }).to_string().into_bytes();
    let compared = "insert into version_diffs (from_id, to_id) select id, id from dataset_versions";
    sqlx::query(compared).execute(&db).await.unwrap();
    let (status, _) = script.call("POST", "/forgettings", erase(2)).await;
    assert_eq!(status, StatusCode::CONFLICT, "others than those that were seen");
    let (status, made) = script.call("POST", "/forgettings", erase(1)).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let compared: i64 = sqlx::query_scalar("select count(*) from version_diffs").fetch_one(&db).await.unwrap();
    assert_eq!(compared, 0, "what was compared goes as well");
    let made: Value = serde_json::from_str(&made).unwrap();
    let second = format!("/versions/{}", made["versions"][0].as_str().unwrap());
    let version = script.get(&second).await;
    assert_eq!(
        (&version["origin"], &version["stats"]["samples"]),
        (&json!({ "kind": "forgotten", "removed": 1 }), &json!(4))
    );
    let after = script.get(&format!("{first}/samples")).await;
    assert_eq!(after["items"].as_array().unwrap().len(), before, "rows of older versions keep their places");
    assert!(!after.to_string().to_lowercase().contains("ann@"), "{after}");
    let found = script.get("/forgettings").await;
    assert_eq!(
        (&found[0]["samples"], &found[0]["by"], &found[0]["files"][0]["upload_id"]),
        (&json!(1), &json!("ada"), &json!(upload))
    );

    let (status, job) = script.call("DELETE", &format!("/uploads/{upload}"), Vec::new()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = script.finish(serde_json::from_str::<Value>(&job).unwrap()["id"].as_str().unwrap()).await;
    assert_eq!(job["result"], json!({ "bytes": true }), "{job}");
    assert_eq!(script.get("/forgettings").await[0]["files"], json!([]));
    // Nothing of the text is left in any table.
    let tables: Vec<String> = sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
        .fetch_all(&db)
        .await
        .unwrap();
    for table in tables {
        let statement = format!("select count(*) from {table} t where t::text ilike '%ann@example%'");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&db).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_owner_forgets_rows_on_the_page(db: PgPool) {
    let script = Script::new(db).await;
    version(&script).await;
    let browser = browser(&script).await;
    // The address says nothing of what is looked for: the form is posted.
    let html = page(&script, &browser, "/datasets/forget?text=ann%40example.org").await;
    assert!(!html.contains("hold these texts"), "{html}");
    let send = async |form: String| {
        let request = browser
            .request("POST", &format!("/p/{}/datasets/forget", script.project))
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        script.app.send(request.body(Body::from(form)).unwrap()).await
    };
    let look = async |texts: &str| {
        let answer = send(format!("secret_texts={texts}")).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    };
    let (status, html) = look("ann%40example.org").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("1 samples hold these texts") && html.contains("films.csv"), "{html}");
    assert!(look("nobody%40example.org").await.1.contains("Nothing holds these texts"));
    let form = |n: u64| format!("project={}&secret_texts=ann%40example.org&confirm={n}", script.project);
    // The answer is the page with what was found and typed: the texts are in no address and no session.
    let refused = send(form(7)).await;
    let html = String::from_utf8(refused.body().to_vec()).unwrap();
    assert_eq!(refused.status(), StatusCode::OK, "{html}");
    assert!(html.contains("this is not how many samples hold the texts now") && html.contains("value=\"7\""), "{html}");
    assert!(html.contains("1 samples hold these texts") && html.contains("ann@example.org"), "{html}");
    assert_eq!(script.get("/forgettings").await, json!([]), "the number was wrong");
    let done = send(form(1)).await;
    let to = done.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let html = page(&script, &browser, to.split_once(&script.project.to_string()).unwrap().1).await;
    assert!(html.contains("Delete this file"), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_at_work_is_waited_for_and_an_edit_forgets_what_it_wrote(db: PgPool) {
    let script = Script::new(db.clone()).await;
    let first = version(&script).await;
    let edit = json!({
        "selection": { "filters": ["label:neg"] },
        "action": { "kind": "replace", "find": "film", "with": "film by Bob@Example.org" },
    });
    indexed(&script, &first, &edit).await;
    let second = made(&script, &format!("{first}/edit"), edit).await;
    let user = sqlx::query_scalar::<_, uuid::Uuid>("select id from users").fetch_one(&db).await.unwrap();
    sqlx::query("insert into jobs (id, project_id, kind, payload, status, lease_until, created_by) values ($1, $2, 'apply_steps', '{}', 'running', now() + interval '1 hour', $3)")
        .bind(uuid::Uuid::nil())
        .bind(script.project.0)
        .bind(user)
        .execute(&db)
        .await
        .unwrap();
    let erase = || json!({ "texts": ["bob@example.org"], "samples": 1 }).to_string().into_bytes();
    let (status, problem) = script.call("POST", "/forgettings", erase()).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem.contains("apply_steps") && problem.contains("cancel it"), "{problem}");
    sqlx::query("update jobs set status = 'cancelled' where id = $1")
        .bind(uuid::Uuid::nil())
        .execute(&db)
        .await
        .unwrap();
    let (status, text) = script.call("POST", "/forgettings", erase()).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let version = script.get(&second).await;
    assert_eq!(version["origin"]["action"]["with"], "[erased]", "{version}");
    assert_eq!(version["stats"]["labels"], json!([["pos", 4]]));
    // What is made of the old version leaves the sample out.
    let third = cleaned(&script, &second).await;
    let rows = script.get(&format!("{third}/samples")).await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 3, "one is short, one was erased: {rows}");
    assert!(!rows.to_string().contains("[erased]"), "{rows}");
}

/// Waits until a version can be edited.
async fn indexed(script: &Script, version: &str, edit: &Value) {
    for _ in 0..200 {
        let (status, _) = script.call("POST", &format!("{version}/edit/preview"), edit.to_string().into_bytes()).await;
        if status != StatusCode::CONFLICT {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the index does not come");
}

#[sqlx::test(migrations = "../migrations")]
async fn many_samples_are_edited_at_once(db: PgPool) {
    let script = Script::new(db).await;
    let first = version(&script).await;
    let edit = json!({ "selection": { "filters": ["label:pos"] }, "action": { "kind": "replace", "find": "film", "with": "movie" } });
    let preview = async |edit: &Value| {
        for _ in 0..200 {
            let (status, text) =
                script.call("POST", &format!("{first}/edit/preview"), edit.to_string().into_bytes()).await;
            if status != StatusCode::CONFLICT {
                return (status, serde_json::from_str::<Value>(&text).unwrap());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the index does not come");
    };
    let (_, found) = preview(&edit).await;
    assert_eq!((&found["selected"], &found["changed"]), (&json!(4), &json!(2)), "{found}");
    assert_eq!(found["examples"].as_array().unwrap().len(), 2);
    let bad = json!({ "action": { "kind": "replace", "find": "(", "with": "", "regex": true } });
    assert_eq!(preview(&bad).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    let second = made(&script, &format!("{first}/edit"), edit).await;
    let version = script.get(&second).await;
    assert_eq!((&version["origin"]["kind"], &version["origin"]["changed"]), (&json!("edited"), &json!(2)));
    let diff = script.get(&format!("{second}/diff")).await;
    assert_eq!(diff["counts"], json!({ "added": 0, "removed": 0, "changed": 2, "moved": 0 }));
    assert_eq!(diff["rows"]["items"][0]["reasons"], json!([{ "code": "edited", "version": 2 }]));
    let delete = json!({ "selection": { "filters": ["label:neg"] }, "action": { "kind": "delete" } });
    let third = made(&script, &format!("{first}/edit"), delete).await;
    assert_eq!(script.get(&third).await["stats"]["labels"], json!([["pos", 4]]));

    let dataset = version["dataset_id"].as_str().unwrap().to_owned();
    let path = format!("/datasets/{dataset}/v/1/edit?f=label%3Apos&action=replace&find=film&with=movie&preview=1");
    let html = page(&script, &browser(&script).await, &path).await;
    assert!(html.contains("2 of the 4 selected samples") && html.contains("<ins>movie</ins>"), "{html}");
}
