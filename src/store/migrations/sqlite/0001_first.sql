-- Times are milliseconds since 1970 (UTC), chats are texts ('123', '@name').
create table meta (
  key text primary key,
  value text not null
);

-- The one date that cannot be derived from the posts: when a file without a usable date was first seen.
create table first_seen (
  path text primary key,
  at bigint not null
);

create table chats (
  chat text primary key,
  kind text not null,                 -- private, group, supergroup, channel
  title text not null default '',
  language text not null default 'zh',
  state text not null default 'active', -- active, suspended
  reason text,                        -- why it is suspended
  next_at bigint not null default 0,    -- pacing: no message before this
  paused_until bigint not null default 0, -- retry_after that this chat earned
  created_at bigint not null
);

create table subscriptions (
  chat text not null references chats (chat) on update cascade on delete cascade,
  kind text not null,                 -- site, category, tag, topic
  name text not null,
  origin text not null,               -- config, person
  created_at bigint not null,
  primary key (chat, kind, name)
);
create index subscriptions_by_label on subscriptions (kind, name);

-- Every post that was ever decided about. The mark is kept for ever.
create table announcements (
  post text primary key,
  decision text not null,             -- known, announced, held, dismissed
  reason text,
  card text,                          -- what messages are made of (JSON); null for posts known from the start
  at bigint not null
);
create index announcements_held on announcements (at) where decision = 'held';

create table outbox (
  delivery integer primary key autoincrement,
  post text not null,
  chat text not null references chats (chat) on update cascade on delete cascade,
  kind text not null,                 -- alert, notice
  state text not null,                -- pending, sending, sent, unknown, failed, skipped
  body text,                          -- the text of a notice; alerts are made of the card
  attempts integer not null default 0,
  unknowns integer not null default 0,  -- how often its fate was unknown
  fallback integer not null default 0,  -- 0 full message, 1 plain text, 2 title and link
  not_before bigint not null default 0,
  claimed_at bigint,
  settled_at bigint,
  message_id bigint,
  reason text,
  created_at bigint not null,
  unique (post, chat, kind)
);
create index outbox_open on outbox (chat, delivery) where state in ('pending', 'sending');
create index outbox_sending on outbox (chat) where state = 'sending';
create index outbox_by_post on outbox (post);

create table counters (
  name text primary key,
  value bigint not null
);
