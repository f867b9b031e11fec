-- A file may say another id than before: what was sent about its post follows it there, whatever else changed.
alter table stories add column moved_from text; -- which post the file was before; null: none
