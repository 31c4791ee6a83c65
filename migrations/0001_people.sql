-- People: accounts, how they get in (passwords, sessions, invitations, API tokens), and projects with their members.
-- Secrets are stored only as hashes: argon2id for passwords, SHA-256 for random tokens of 256 bits, which need no salt.

create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email)),
    name text not null,
    password_hash text not null,
    -- The installation's administrator: may invite people and create projects, but gets into a project only as a member.
    is_admin boolean not null default false,
    created_at timestamptz not null default now(),
    disabled_at timestamptz
);

-- One row per browser that is signed in (or was given a flash message). `data` belongs to the session layer.
create table sessions (
    id text primary key,
    user_id uuid references users on delete cascade,
    data jsonb not null,
    user_agent text not null default '',
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

-- Failed sign-ins by e-mail and by address; the throttle counts recent rows, so it holds across replicas and restarts.
create table login_failures (
    key text not null,
    at timestamptz not null default now()
);
create index login_failures_key on login_failures (key, at);

create table projects (
    id uuid primary key,
    name text not null,
    description text not null default '',
    created_by uuid not null references users,
    created_at timestamptz not null default now(),
    archived_at timestamptz
);

create table members (
    project_id uuid not null references projects on delete cascade,
    user_id uuid not null references users on delete cascade,
    role text not null check (role in ('owner', 'scientist', 'annotator', 'manager')),
    added_at timestamptz not null default now(),
    primary key (project_id, user_id)
);
create index members_user on members (user_id);

-- A link that makes an account, a membership, or both. The first one of an installation (is_setup) makes the administrator.
create table invitations (
    id uuid primary key,
    token_hash bytea not null unique,
    is_setup boolean not null default false,
    -- Empty: whoever holds the link chooses the address.
    email text not null default '',
    project_id uuid references projects on delete cascade,
    role text check (role in ('owner', 'scientist', 'annotator', 'manager')),
    invited_by uuid references users on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    accepted_by uuid references users on delete set null,
    check ((project_id is null) = (role is null))
);
create index invitations_project on invitations (project_id);

create table api_tokens (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    name text not null,
    -- The first characters, so that a person can tell tokens apart.
    prefix text not null,
    token_hash bytea not null unique,
    scope text not null check (scope in ('read', 'write')),
    -- Null: every project of the user.
    project_id uuid references projects on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);

-- What happened in a project, for its overview and for audit. Never updated.
create table activity (
    id bigint generated always as identity primary key,
    project_id uuid not null references projects on delete cascade,
    user_id uuid references users on delete set null,
    -- For example 'run.launched', 'version.created'.
    verb text not null,
    object_id text not null default '',
    object_name text not null default '',
    at timestamptz not null default now()
);
create index activity_project on activity (project_id, id desc);
