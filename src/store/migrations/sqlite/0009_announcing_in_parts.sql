-- A post with very many followers is planned in several transactions.
alter table announcements add column fan_after text;  -- the last chat that is planned; null: all are
alter table announcements add column fan_fold bigint not null default 0;  -- 1: its rows go into digests
create index announcements_under_way on announcements (at) where fan_after is not null;
drop index subscriptions_by_label;
create index subscriptions_by_label on subscriptions (kind, name, chat);
drop index outbox_by_post;  -- the unique index begins with the post
