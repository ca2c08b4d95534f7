import type { ChannelServer } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { Refusal, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { audit } from '../transactions/audit.js';
import type { ChatServers, ServerTarget } from './chat-servers.js';
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

/**
 * Handles Drain. Marks the row first, so that no manager places anything on the server, then tells
 * the server. Idempotent.
 */
export function createDrain({ pool, servers }: DrainDeps) {
  function mark(id: string, me: UserCaller): Promise<ServerTarget> {
    return transaction(pool, async (client) => {
      const [server] = await drainServer.run(client, { instanceId: id });
      if (server === undefined) throw refuse('server-not-found');
      await audit(client, {
        actor: me.id,
        action: 'server.drain',
        target: server.instanceId,
        detail: { name: server.name },
      });
      return server;
    });
  }

  return async ({ id }: ChannelServer, me: UserCaller): Promise<object> => {
    if (!instanceIdPattern.test(id)) throw refuse('server-not-found');
    const server = await mark(id, me);
    await servers.drain(server).catch((thrown: unknown) => {
      throw asServerAway(thrown);
    });
    return {};
  };
}
