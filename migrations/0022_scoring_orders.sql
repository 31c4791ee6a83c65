-- The samples of a scored version in the order of their scores, so that exploring it can filter, count and sort by them
-- without touching a row for each: made with the scoring, which never changes.

create table scoring_orders (
    scoring_id uuid primary key references scorings on delete cascade,
    -- Positions in the version, lowest loss first, 4 bytes each, high byte first.
    positions bytea not null,
    -- Mean of -log p per token of each one's answer, in nats: a real of 4 bytes each, high byte first.
    losses bytea not null
);
-- They do not shrink when compressed.
alter table scoring_orders alter column positions set storage external;
alter table scoring_orders alter column losses set storage external;

insert into scoring_orders (scoring_id, positions, losses)
select s.id,
    coalesce(string_agg(int4send(vs.position), ''::bytea order by ss.answer_loss, vs.position), ''::bytea),
    coalesce(string_agg(float4send(ss.answer_loss), ''::bytea order by ss.answer_loss, vs.position), ''::bytea)
from scorings s
left join (sample_scores ss join version_samples vs on vs.sample_id = ss.sample_id)
    on ss.scoring_id = s.id and vs.version_id = s.version_id
group by s.id;
