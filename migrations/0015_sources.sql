-- Where data come from: stretches of a text with labels, and uploads that arrive in parts.

-- Spans marked in a sample's text, as [{"start", "end", "label"}]; null for the many that have none.
alter table samples add column spans jsonb;

-- A file on its way, sent in parts that may be days and restarts apart. The bytes lie in the staging folder of the
-- artifact store under the row's id; `received_bytes` is how many of them are known to be on disk.
create table partial_uploads (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    file_name text not null,
    size_bytes bigint not null check (size_bytes > 0),
    received_bytes bigint not null default 0 check (received_bytes between 0 and size_bytes),
    -- Of the whole file, noted before it goes into the artifact store under this name.
    sha256 text,
    -- The upload that it became.
    upload_id uuid references uploads on delete cascade,
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    -- Renewed by every part; afterwards it is deleted.
    expires_at timestamptz not null
);
create index partial_uploads_expiry on partial_uploads (expires_at);
create index partial_uploads_project on partial_uploads (project_id);

-- An import inserts a million members of one version, in the transaction that inserts the version itself. Looking that one
-- row up a million times took a fifth of the database's work; deleting a version still takes its members along.
alter table version_samples drop constraint version_samples_version_id_fkey;
create function delete_version_samples() returns trigger language plpgsql as $$
begin
    delete from version_samples where version_id = old.id;
    return null;
end
$$;
create trigger dataset_versions_delete_samples after delete on dataset_versions
    for each row execute function delete_version_samples();
