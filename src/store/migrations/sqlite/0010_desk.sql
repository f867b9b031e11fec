-- Muted subscriptions, what admins did, and the way from a message to its post.
alter table subscriptions add column muted bigint not null default 0; -- 1: its messages come without a sound
create table actions (
  number integer primary key autoincrement,
  at bigint not null,
  user_id bigint not null,            -- Telegram's id of the admin
  action text not null,
  detail text not null
);
create index outbox_by_chat on outbox (chat, delivery);
