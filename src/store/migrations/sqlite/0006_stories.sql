-- What announced posts tell, for as long as another source may tell it too; and which tell the same.
create table stories (
  post text primary key,
  key text,                           -- the article's number
  title text not null,
  text text not null,
  at bigint not null
);
create index stories_by_time on stories (at);
create table twins (
  post text not null,                 -- came later
  twin text not null,
  primary key (post, twin)
);
