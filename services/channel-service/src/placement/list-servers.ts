import { ChannelServer, type ListServersResponse, ServerState } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits } from '@parley/runtime';
import { type ListedServer, listServers } from './server-store.js';

/** States of the contract, by state in the database. */
export const contractStates = {
  serving: ServerState.SERVING,
  draining: ServerState.DRAINING,
  stopped: ServerState.STOPPED,
};

function toServer(row: ListedServer): ChannelServer {
  return ChannelServer.fromPartial({
    id: row.instanceId,
    addr: row.addr,
    name: row.name,
    state: contractStates[row.state],
    internalAddr: row.internalAddr,
    load: row.load,
    seats: row.seats,
    tls: row.tls,
    channelCount: row.channels,
    reportAgeMs: row.reportAgeMs,
    lapsed: row.lapsed,
  });
}

/** Handles ListServers: returns at most 1,000 servers, by name. */
export function createListServers(pool: Pool) {
  return async (): Promise<ListServersResponse> => {
    const rows = await listServers.run(pool, { maxServers: limits.serversListed });
    return { servers: rows.map(toServer) };
  };
}
