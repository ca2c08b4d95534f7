import { int4, int8, loadSql, text, type UserRole } from '@parley/database';

const sql = loadSql('blocks.sql', import.meta.url);
const pair = { userId: text, blockedId: text };

export const addBlock = sql.statement('addBlock', { ...pair, maxBlocks: int8 }, { blockedId: text });
export const removeBlock = sql.statement('removeBlock', pair);
export const listBlocked = sql.statement(
  'listBlocked',
  { userId: text, userRole: text.as<UserRole>(), afterId: text, size: int8 },
  { id: text, name: text, number: int4 },
);
