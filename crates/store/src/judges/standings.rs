//! What the judges of a project were held against, as far as it decides whether they count.

use super::bar;
use crate::{StoreError, error::json};
use domain::{
    agreement::Interval,
    id::{JudgeVersionId, ProjectId},
    judge::{
        JudgeSpec, Mode,
        calibration::{Bar, Held, Standing, stands},
    },
};
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// The newest calibration of each criterion of each version, one for everybody that the version was, against the bar.
pub(crate) struct Standings {
    pub(super) bar: Bar,
    newest: HashMap<(JudgeVersionId, String), Vec<Held>>,
}

impl Standings {
    pub(crate) async fn of_project(db: &PgPool, project: ProjectId) -> Result<Self, StoreError> {
        let rows = sqlx::query(
            "select distinct on (judge_version_id, criterion, identity) judge_version_id, criterion, identity, agreement \
             from judge_calibrations where project_id = $1 \
             order by judge_version_id, criterion, identity, created_at desc, id desc",
        )
        .bind(project.0)
        .fetch_all(db)
        .await?;
        let mut newest: HashMap<(JudgeVersionId, String), Vec<Held>> = HashMap::new();
        for row in &rows {
            let key = (JudgeVersionId(row.try_get("judge_version_id")?), row.try_get("criterion")?);
            let held = Held { agreement: json(row.try_get("agreement")?)?, identity: row.try_get("identity")? };
            newest.entry(key).or_default().push(held);
        }
        Ok(Self { bar: bar(db, project).await?, newest })
    }

    fn held(&self, version: JudgeVersionId, criterion: String) -> &[Held] {
        self.newest.get(&(version, criterion)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a version counts, being who `identity` says.
    pub(crate) fn of(&self, version: JudgeVersionId, spec: &JudgeSpec, identity: Option<&str>) -> Standing {
        let of = |criterion: String| stands(self.held(version, criterion), identity, &self.bar);
        Standing::of_all(criteria(spec).into_iter().map(of))
    }

    /// κ of the criterion that agrees least with people, and how many answers it is of. Nothing where a criterion was not
    /// measured.
    pub(crate) fn kappa(
        &self,
        version: JudgeVersionId,
        spec: &JudgeSpec,
        identity: Option<&str>,
    ) -> Option<(Interval, u64)> {
        let of = |criterion: String| {
            let held = self.held(version, criterion).iter().find(|held| held.is_of(identity))?;
            Some((held.agreement.kappa?, held.agreement.samples))
        };
        let all = criteria(spec).into_iter().map(of).collect::<Option<Vec<_>>>()?;
        all.into_iter().min_by(|a, b| a.0.low.total_cmp(&b.0.low))
    }
}

fn criteria(spec: &JudgeSpec) -> Vec<String> {
    match spec.mode {
        Mode::Rubric => spec.criteria.iter().map(|c| c.name.clone()).collect(),
        Mode::Pairwise => vec![String::new()],
    }
}
