import { administration } from '@parley/client/node';
import { ServerState } from '@parley/contract';
import type { Pool } from '@parley/database';
import { isLoopback, Refusal, splitAddress } from '@parley/runtime';
import { addressList } from './account.js';
import { type Check, type Finding, fault, skipped } from './check.js';
import { withDatabase } from './database-access.js';
import { type GrpcPort, grpcFinding, passesWithoutToken, untriableGrpc } from './grpc.js';
import { inTime } from './step.js';
import { type Surroundings, tokenFor } from './surroundings.js';
import { examine } from './tls.js';

/** A chat server that runs, and the address that clients dial. */
interface ServingServer {
  readonly name: string;
  readonly addr: string;
  /** Address that managers dial. A restarted server has the one of its dead process. */
  readonly internalAddr: string;
  readonly tls: boolean;
}

const living = `SELECT name, addr, internal_addr AS "internalAddr", tls FROM chat.server WHERE lease_until > now() AND state = 'serving' ORDER BY name, instance_id`;

const none =
  'Start a chat server. If one runs, its log says why the managers refuse it (PARLEY_SERVER_HOSTS, PARLEY_SERVER_NETWORKS, PARLEY_SERVER_PORTS).';

/** Returns whether clients of this system are on other machines: the gateway or a service has such an address. */
function isRemote({ web, services }: Surroundings): boolean {
  const hosts = [...(web === undefined ? [] : [web.hostname]), ...services.map(({ host }) => host)];
  return hosts.some((host) => !isLoopback(host));
}

function portOf({ addr, tls }: ServingServer, about: string): GrpcPort {
  return { service: 'chat server', ...splitAddress(addr), isTls: tls, about };
}

async function serverFinding(server: ServingServer, where: Surroundings): Promise<Finding> {
  const about = `${server.name} ${server.addr}`;
  const { host } = splitAddress(server.addr);
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
  const at = portOf(server, about);
  const why = await untriableGrpc(at, where);
  const found = why === undefined ? await grpcFinding(at, where) : fault(about, `${why}.`, '');
  if (found.level === 'ok') return found;
  const [untrusted] = found.level === 'skipped' ? await examine(at, where) : [];
  if (untrusted?.change !== undefined)
    return fault(about, `Clients cannot use this address. ${untrusted.words}`, untrusted.change);
  const change = `Correct PARLEY_ADDR and PARLEY_ADDR_TLS (${server.tls ? 'on' : 'off'}) of the chat server, or open the way to it.`;
  return fault(about, `Clients cannot use this address. ${found.words}`, change);
}

/** Returns the fault of an address that clients get for several chat servers, if nothing there tells the servers apart. */
async function sharedFindings(
  addr: string,
  servers: readonly ServingServer[],
  where: Surroundings,
): Promise<Finding[]> {
  const sharing = servers.filter((one) => one.addr === addr);
  const [first] = sharing;
  if (first === undefined || new Set(sharing.map(({ internalAddr }) => internalAddr)).size < 2) return [];
  const about = `${sharing.map(({ name }) => name).join(', ')} ${addr}`;
  const at = portOf(first, about);
  if ((await untriableGrpc(at, where)) !== undefined || !(await passesWithoutToken(at, where))) return [];
  return [
    fault(
      about,
      'Several chat servers have this address, but only one of them gets the calls, so the rooms of the others never open.',
      'Give each its own PARLEY_ADDR, run one chat server, or put Envoy there, which reads in each token which server is meant.',
    ),
  ];
}

async function judge(servers: readonly ServingServer[], where: Surroundings): Promise<Finding[]> {
  if (servers.length === 0)
    return [fault('chat servers', 'No chat server is serving, so nobody can enter a channel.', none)];
  const each = await Promise.all(servers.map((one) => serverFinding(one, where)));
  const addresses = [...new Set(servers.map(({ addr }) => addr))];
  const shared = await Promise.all(addresses.map((addr) => sharedFindings(addr, servers, where)));
  return [...each, ...shared.flat()];
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
