import type { ChannelServer } from '@parley/contract';
import { type Pool, type PoolClient, transaction } from '@parley/database';
import { Refusal, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { audit } from '../transactions/audit.js';
import type { ChatServers, ServerTarget } from './chat-servers.js';
import { drainGateway } from './gateway-store.js';
import { drainServer } from './server-store.js';

export interface DrainDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

const instanceIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function asServerAway(thrown: unknown): unknown {
  const isAway = thrown instanceof Refusal && ['unreachable', 'deadline-exceeded'].includes(thrown.reason);
  return isAway ? refuse('server-away', { cause: thrown }) : thrown;
}

/** Marks a live chat server or gateway as draining. Returns the chat server, or undefined for a gateway. */
async function mark(client: PoolClient, instanceId: string, actor: string): Promise<ServerTarget | undefined> {
  const [server] = await drainServer.run(client, { instanceId });
  const [drained] = server === undefined ? await drainGateway.run(client, { instanceId }) : [server];
  if (drained === undefined) throw refuse('server-not-found');
  const { instanceId: target, name } = drained;
  const action = server === undefined ? 'gateway.drain' : 'server.drain';
  await audit(client, { actor, action, target, detail: { name } });
  return server;
}

/**
 * Handles Drain. Marks the row first, so that no manager places anything on a chat server, then
 * tells the chat server. A gateway reads its row. Idempotent.
 */
export function createDrain({ pool, servers }: DrainDeps) {
  return async ({ id }: ChannelServer, me: UserCaller): Promise<object> => {
    if (!instanceIdPattern.test(id)) throw refuse('server-not-found');
    const server = await transaction(pool, (client) => mark(client, id, me.id));
    if (server === undefined) return {};
    await servers.drain(server).catch((thrown: unknown) => {
      throw asServerAway(thrown);
    });
    return {};
  };
}
