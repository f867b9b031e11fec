-- Where things go, and who speaks for which chat. Tables of their own, so that nothing else changes its shape.

-- The forum topic of a subscription (message_thread_id); without a row it is the general topic.
create table threads (
  chat text not null references chats (chat) on update cascade on delete cascade,
  kind text not null,
  name text not null,
  thread bigint not null,
  primary key (chat, kind, name)
);

-- Which channel somebody's private chat speaks for at present.
create table managing (
  chat text primary key references chats (chat) on update cascade on delete cascade,
  channel text not null,
  until_at bigint not null
);

-- What an @name of the config stands for, as Telegram said last: one chat must not be two.
create table chat_names (
  name text primary key,              -- lower case, with its @
  chat text not null
);
