import { administration } from '@parley/client/node';
import { ServerState } from '@parley/contract';
import type { Pool } from '@parley/database';
import { isLoopback, Refusal, splitAddress } from '@parley/runtime';
import { addressList } from './account.js';
import { type Check, type Finding, fault, skipped } from './check.js';
import { withDatabase } from './database-access.js';
import { type GrpcPort, grpcFinding, untriableGrpc } from './grpc.js';
import { inTime } from './step.js';
import { type Surroundings, tokenFor } from './surroundings.js';

/** A chat server that runs, and the address that clients dial. */
interface ServingServer {
  readonly name: string;
  readonly addr: string;
  readonly tls: boolean;
}

const living = `SELECT name, addr, tls FROM chat.server WHERE lease_until > now() AND state = 'serving' ORDER BY name, instance_id`;

const none =
  'Start a chat server. If one runs, its log says why the managers refuse it (PARLEY_SERVER_HOSTS, PARLEY_SERVER_NETWORKS, PARLEY_SERVER_PORTS).';

/** Returns whether clients of this system are on other machines: the gateway or a service has such an address. */
function isRemote({ web, services }: Surroundings): boolean {
  const hosts = [...(web === undefined ? [] : [web.hostname]), ...services.map(({ host }) => host)];
  return hosts.some((host) => !isLoopback(host));
}

async function serverFinding(server: ServingServer, where: Surroundings): Promise<Finding> {
  const about = `${server.name} ${server.addr}`;
  const { host, port } = splitAddress(server.addr);
  if (host === '0.0.0.0' || host === '::')
    return fault(
      about,
      'Clients get an address that nobody can dial.',
      'Set PARLEY_ADDR of the chat server to the host and port that clients can dial.',
    );
  if (isLoopback(host) && isRemote(where))
    return fault(
      about,
      'Clients on other machines would dial their own machine.',
      'Set PARLEY_ADDR of the chat server to the host and port that clients can dial (`npm start`: --public-host).',
    );
  const at: GrpcPort = { service: 'chat server', host, port, isTls: server.tls, about };
  const why = await untriableGrpc(at, where);
  const found = why === undefined ? await grpcFinding(at, where) : fault(about, `${why}.`, '');
  if (found.level === 'ok') return found;
  const change = `Correct PARLEY_ADDR and PARLEY_ADDR_TLS (${server.tls ? 'on' : 'off'}) of the chat server, or open the way to it.`;
  return fault(about, `Clients cannot use this address. ${found.words}`, change);
}

async function judge(servers: readonly ServingServer[], where: Surroundings): Promise<Finding[]> {
  if (servers.length === 0)
    return [fault('chat servers', 'No chat server is serving, so nobody can enter a channel.', none)];
  return Promise.all(servers.map((one) => serverFinding(one, where)));
}

async function fromDatabase(pool: Pool): Promise<ServingServer[]> {
  const { rows } = await pool.query<ServingServer>(living);
  return rows;
}

/** Asks the managers for the chat servers, as an operator. */
async function fromManagers(where: Surroundings, token: string): Promise<Finding[]> {
  const { services, ca, timeoutMs } = where;
  const tls = services.some(({ isTls }) => isTls);
  const operator = administration({
    channelService: addressList(services, 'manager'),
    token,
    tls,
    ...(ca !== undefined && { ca }),
  });
  try {
    const known = await inTime(operator.servers(), timeoutMs);
    const serving = known.filter(({ lapsed, state }) => !lapsed && state === ServerState.SERVING);
    return await judge(serving, where);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return unknown();
  } finally {
    operator.close();
  }
}

function unknown(): Finding[] {
  return [skipped('chat servers', 'Their addresses are not known here.', 'Give --database, or log in as an operator.')];
}

/** A chat server is serving, and clients can dial the address of each. */
export function chatServersCheck(where: Surroundings): Check {
  const run = async (): Promise<Finding[]> => {
    if (where.database !== undefined)
      return withDatabase(where, async (pool) => judge(await fromDatabase(pool), where));
    const managers = where.services.filter(({ service }) => service === 'manager');
    const [token] = managers.map((one) => tokenFor(where, one));
    return token === undefined ? unknown() : fromManagers(where, token);
  };
  return { name: 'chat servers', run };
}
