import { connect } from 'node:net';
import { errorCode, errorText } from '../failure.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { inTime, StepTimeout } from './step.js';
import { type DialledService, type Endpoint, endpointsIn, type Surroundings } from './surroundings.js';

/** What to do after each error of a connection. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Start the process that should listen there, or correct the address.',
  EHOSTUNREACH: 'Check the address, and the routes and the firewall on the way.',
  ENETUNREACH: 'This machine has no route to that network. Check whether the address is IPv4 or IPv6.',
};

/** Sentences for errors of a connection. */
const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens on that port.',
  EHOSTUNREACH: 'The host cannot be reached.',
  ENETUNREACH: 'The network cannot be reached.',
};

/** Code of an error; of a name with several addresses, that of the first one. */
function codeIn(thrown: unknown): string {
  return thrown instanceof AggregateError ? errorCode(thrown.errors[0]) : errorCode(thrown);
}

/** Returns the finding for a connection that failed. */
export function unconnected(about: string, thrown: unknown): Finding {
  if (thrown instanceof StepTimeout)
    return fault(about, thrown.message, 'Check the address, and that a firewall lets the connection through.');
  const code = codeIn(thrown);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return skipped(about, 'The name does not resolve; the check "names" says why.');
  const words = sentences[code] ?? `The connection failed (${errorText(thrown)}).`;
  return fault(about, words, advice[code] ?? 'Check the address, and what listens there.');
}

/** Calls `examine` for each user-service and manager. If none is known, returns a finding that says so. */
export async function withServices(
  { services }: Surroundings,
  examine: (service: Endpoint<DialledService>) => Promise<Finding>,
): Promise<Finding[]> {
  if (services.length === 0)
    return [skipped('services', 'No address of a service is known.', 'Give --user-service and --manager.')];
  return Promise.all(services.map(examine));
}

/** Opens a TCP connection. @throws {Error} of the connection, or {StepTimeout} */
async function dial({ host, port }: Pick<Endpoint, 'host' | 'port'>, timeoutMs: number): Promise<void> {
  const socket = connect({ host, port });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.on('error', reject);
  });
  await inTime(opened, timeoutMs).finally(() => socket.destroy());
}

/** Returns whether a port accepts connections. */
export async function isReachable(at: Pick<Endpoint, 'host' | 'port'>, timeoutMs: number): Promise<boolean> {
  return dial(at, timeoutMs).then(
    () => true,
    () => false,
  );
}

/** Returns the finding of a check that needs a connection, if there is none. */
export function noConnectionFinding(about: string): Finding {
  return skipped(about, 'The port does not accept connections; the check "ports" says why.');
}

/** Returns the finding for a port. */
async function portFinding(about: string, at: Pick<Endpoint, 'host' | 'port'>, timeoutMs: number): Promise<Finding> {
  return dial(at, timeoutMs).then(
    () => works(about, 'The port accepts connections.'),
    (thrown: unknown) => unconnected(about, thrown),
  );
}

/** Ports accept connections. */
export function portsCheck(where: Surroundings): Check {
  const run = async () => {
    const endpoints = endpointsIn(where);
    if (endpoints.length === 0)
      return [skipped('addresses', 'No address is known.', 'Give --gateway, --user-service and --manager.')];
    return Promise.all(endpoints.map((one) => portFinding(one.about, one, where.timeoutMs)));
  };
  return { name: 'ports', run };
}
