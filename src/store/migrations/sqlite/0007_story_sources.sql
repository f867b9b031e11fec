-- Posts of one source repeat their closing words: they are one story only under titles alike.
alter table stories add column source text;
