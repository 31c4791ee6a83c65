//! What a week brought, in a line.

use crate::ui::format::integer;
use domain::{lang::Lang, report::digest::Digest};

crate::texts! {
    runs(ok, failed) = "{ok} runs succeeded, {failed} failed", "{ok} 个训练成功，{failed} 个失败";
    new_cases(n) = "{n} new bad cases", "新增 {n} 条 Bad Case";
    regressed(n) = "{n} regressions", "{n} 条回归";
    judged(n) = "{n} judgements", "{n} 条标注";
    waiting(n) = "{n} reports wait for approval", "{n} 份报告待审批";
    quiet = "nothing happened", "没有新动态";
}

/// The counts that are not 0.
#[must_use]
pub fn digest_line(l: Lang, digest: &Digest) -> String {
    if digest.is_quiet() {
        return quiet(l).to_owned();
    }
    let cases: u64 = digest.bad_cases.iter().map(|cause| cause.cases).sum();
    let (judgements, waits) = (digest.annotation.judgements, digest.waiting.len() as u64);
    let said = [
        (digest.succeeded + digest.failed > 0).then(|| runs(l, integer(digest.succeeded), integer(digest.failed))),
        (cases > 0).then(|| new_cases(l, integer(cases))),
        (digest.regressions > 0).then(|| regressed(l, integer(digest.regressions))),
        (judgements > 0).then(|| judged(l, integer(judgements))),
        (waits > 0).then(|| waiting(l, integer(waits))),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() { runs(l, 0, 0) } else { said.join(" · ") }
}
