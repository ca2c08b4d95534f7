import { array, bytea, int4, int8, loadSql, nullable, text, type UserRole } from '@parley/database';
import type { Reason } from '@parley/runtime';
import { hitColumns } from './search.js';

const sql = loadSql('bots.sql', import.meta.url);
const outcome = { outcome: text.as<Reason | 'done'>() };

export const createBot = sql.statement(
  'createBot',
  { actorId: text, botId: text, name: text, channelId: nullable(int4), tokenHash: bytea, most: int4 },
  outcome,
);
export const revokeBot = sql.statement('revokeBot', { actorId: text, botId: text }, outcome);
export const setBotCommands = sql.statement(
  'setBotCommands',
  { actorId: text, botId: text, names: array(text), descriptions: array(text) },
  outcome,
);
export const managesBots = sql.statement('managesBots', { actorId: text, channelId: nullable(int4) }, outcome);
export const listBots = sql.statement(
  'listBots',
  { readerId: text, channelId: nullable(int4), afterId: text, size: int8, readerRole: text.as<UserRole>() },
  { ...hitColumns, createdBy: nullable(text) },
);
