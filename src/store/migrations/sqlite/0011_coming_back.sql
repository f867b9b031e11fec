-- Twins are asked for from either side, posts that are gone may come back, and it is known since when a chat gets messages
-- again.
create index twins_by_twin on twins (twin, post);
alter table chats add column active_since bigint not null default 0; -- when it came back from a suspension; 0: never
create index announcements_gone on announcements (at) where withdrawn = 2;
