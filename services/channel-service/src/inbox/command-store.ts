import { int4, int8, loadSql, text } from '@parley/database';

const sql = loadSql('commands.sql', import.meta.url);

export const listCommands = sql.statement(
  'listCommands',
  { channelId: int4, afterName: text, afterBot: text, size: int8 },
  { name: text, description: text, botId: text, botName: text },
);
