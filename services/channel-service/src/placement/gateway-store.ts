import { bool, int4, int8, loadSql, type RowOf, type ServerState, text, uuid } from '@parley/database';

const sql = loadSql('gateways.sql', import.meta.url);

export const drainGateway = sql.statement('drainGateway', { instanceId: uuid }, { instanceId: uuid, name: text });
export const listGateways = sql.statement(
  'listGateways',
  { maxGateways: int8 },
  {
    instanceId: uuid,
    name: text,
    httpAddr: text,
    grpcAddr: text,
    version: text,
    inboxes: int4,
    connections: int4,
    state: text.as<ServerState>(),
    lapsed: bool,
    reportAgeMs: int8,
  },
);

/** A gateway in the list for operators. `lapsed` says whether its lease has expired. */
export type ListedGateway = RowOf<typeof listGateways>;
