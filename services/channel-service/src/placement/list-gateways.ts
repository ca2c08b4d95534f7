import { Gateway, type ListGatewaysResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits } from '@parley/runtime';
import { type ListedGateway, listGateways } from './gateway-store.js';
import { contractStates } from './list-servers.js';

function toGateway({ instanceId, state, ...row }: ListedGateway): Gateway {
  return Gateway.fromPartial({ ...row, id: instanceId, state: contractStates[state] });
}

/** Handles ListGateways: returns at most 1,000 gateways, by name. */
export function createListGateways(pool: Pool) {
  return async (): Promise<ListGatewaysResponse> => {
    const rows = await listGateways.run(pool, { maxGateways: limits.serversListed });
    return { gateways: rows.map(toGateway) };
  };
}
