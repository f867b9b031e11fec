-- Posts of one source repeat their closing words: they are one story only by their number.
alter table stories add column source text;
