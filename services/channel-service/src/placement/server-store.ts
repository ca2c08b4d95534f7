import {
  array,
  bool,
  float4,
  int4,
  int8,
  jsonb,
  loadSql,
  nullable,
  type RowOf,
  type ServerState,
  text,
  uuid,
} from '@parley/database';

const sql = loadSql('servers.sql', import.meta.url);

const instance = { instanceId: uuid };
/** Identity and addresses of a chat server. */
export const serverColumns = { instanceId: uuid, name: text, addr: text, internalAddr: text, tls: bool };
const state = text.as<ServerState>();
const metric = jsonb<Readonly<Record<string, string>>>();

export const registerServer = sql.statement(
  'registerServer',
  {
    ...serverColumns,
    state,
    load: float4,
    seats: int4,
    metric,
  },
  { inserted: bool },
);
export const renewServer = sql.statement(
  'renewServer',
  { instanceId: uuid, state: nullable(state), load: nullable(float4), seats: nullable(int4), metric },
  instance,
);
export const endLease = sql.statement('endLease', instance, instance);
export const ownsChannels = sql.statement(
  'ownsChannels',
  { instanceId: uuid, channelIds: array(int4), epochs: array(int8) },
  { owned: bool },
);
export const findEarlierInstances = sql.statement(
  'findEarlierInstances',
  { instanceId: uuid, internalAddr: text },
  instance,
);
export const endLeases = sql.statement('endLeases', { instanceIds: array(uuid) });
export const drainServer = sql.statement('drainServer', instance, {
  instanceId: uuid,
  internalAddr: text,
  name: text,
});
export const listServers = sql.statement(
  'listServers',
  { maxServers: int8 },
  {
    ...serverColumns,
    state,
    load: float4,
    seats: int4,
    lapsed: bool,
    reportAgeMs: int8,
    channels: int8,
  },
);
export const liveServers = sql.statement('liveServers', {}, { instanceId: uuid, internalAddr: text });
export const shortenLeases = sql.statement('shortenLeases', {}, instance);
export const shortenReservations = sql.statement('shortenReservations');

/** A chat server in the list for operators. `lapsed` says whether its lease has expired. */
export type ListedServer = RowOf<typeof listServers>;
