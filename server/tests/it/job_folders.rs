//! Folders that jobs leave behind when their server is killed.

use crate::script::Script;
use domain::id::{JobId, UserId};
use server::jobs::folders::sweep;
use std::time::{Duration, SystemTime};
use store::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn folders_in_which_nobody_works_go(db: PgPool) {
    let script = Script::new(db).await;
    let (db, data) = (&script.app.state.db, &script.app.state.config.data);
    let user: Uuid = sqlx::query_scalar("select id from users limit 1").fetch_one(db).await.unwrap();
    store::jobs::enqueue(db, script.project, "test", &(), UserId(user)).await.unwrap();
    let owner = Uuid::new_v4();
    let job = store::jobs::claim(db, owner, &["test"]).await.unwrap().unwrap().id;
    let folder = |name: String| {
        let path = data.join("jobs").join(name);
        std::fs::create_dir_all(path.join("model")).unwrap();
        path
    };
    let folders = [
        folder(format!("{job}.{owner}.live")),
        folder(format!("{job}.{}.lost", Uuid::new_v4())),
        folder(format!("{}.{owner}.over", JobId::new())),
        folder("mine".to_owned()),
    ];
    let left = || folders.each_ref().map(|path| path.exists());
    assert_eq!(sweep(db, data, SystemTime::UNIX_EPOCH).await.unwrap(), 0, "younger than this process");
    let later = SystemTime::now() + Duration::from_secs(60);
    assert_eq!(sweep(db, data, later).await.unwrap(), 2);
    assert_eq!(left(), [true, false, false, true]);
    // The job is given back, as when a server stops, and nobody has it.
    store::jobs::release(db, job, owner).await.unwrap();
    assert_eq!(sweep(db, data, later).await.unwrap(), 1);
    assert_eq!(left(), [false, false, false, true]);
}
