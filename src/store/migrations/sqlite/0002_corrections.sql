-- Corrections: what a sent message shows, and until when it may be edited.
alter table announcements add column withdrawn bigint not null default 0; -- 1: the post is gone or `published: false`
alter table outbox add column shown text;         -- the version of the card that this row put into the chat
alter table outbox add column expires_at bigint;  -- an open row is skipped from here on; null: never
create index announcements_recent on announcements (at) where decision = 'announced';
