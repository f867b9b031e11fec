-- When a chat's alerts come and how they look, the order among kinds of messages, and digests.
alter table chats add column preferences text;       -- JSON; null: never changed
alter table chats add column alerts_at bigint not null default 0; -- no alert that is not urgent before this
-- 0 word to an admin, 1 urgent alert, 2 alert, 3 edit, 4 digest
alter table outbox add column lane bigint not null default 2;
alter table outbox add column fold bigint not null default 0;     -- 1: goes into a digest whatever the chat wants
alter table outbox add column digest bigint;         -- the delivery of the digest that this held row is part of
update outbox set lane = 0 where kind = 'notice';
update outbox set lane = 3 where kind = 'edit';
create index outbox_lanes on outbox (lane, delivery) where state = 'pending';
create index outbox_held on outbox (digest) where state = 'held';
