import { bool, bytea, int4, int8, loadSql, text } from '@parley/database';

const sql = loadSql('reports.sql', import.meta.url);

export const addReport = sql.statement(
  'addReport',
  {
    byId: text,
    userId: text,
    channelId: int4,
    seq: int8,
    reason: text,
    contentType: text,
    data: bytea,
    maxOpen: int8,
  },
  { isLeft: bool },
);
