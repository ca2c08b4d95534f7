import { bool, int4, int8, loadSql, nullable, type RowOf, text } from '@parley/database';

const sql = loadSql('lists.sql', import.meta.url);

const after = { at: int8, id: int4, size: int8 };
const position = { id: int4, at: int8 };

export const listPublic = sql.statement('listPublic', { ...after, maxAgeDays: int4 }, position);
export const listNamed = sql.statement('listNamed', { ...after, name: text }, position);
export const listOwn = sql.statement(
  'listOwn',
  { ...after, userId: text, withoutChats: bool, name: nullable(text) },
  position,
);
export const findVisible = sql.statement('findVisible', { channelId: int4, userId: text }, { id: int4 });

/** Position of a channel in order of activity: its id, and a time in microseconds since 1970. */
export type ListPosition = RowOf<typeof listPublic>;
