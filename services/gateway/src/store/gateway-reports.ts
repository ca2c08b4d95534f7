import { array, bool, int4, loadSql, type ServerState, text, uuid } from '@parley/database';

const sql = loadSql('gateway-reports.sql', import.meta.url);

export const reportGateway = sql.statement(
  'reportGateway',
  {
    instanceId: uuid,
    name: text,
    httpAddr: text,
    grpcAddr: text,
    version: text,
    state: text.as<ServerState>(),
    inboxes: int4,
    connections: int4,
  },
  { drain: bool },
);

export const savePresence = sql.statement('savePresence', {
  instanceId: uuid,
  here: array(text),
  gone: array(text),
});
