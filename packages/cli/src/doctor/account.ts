import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { Refusal } from '@parley/runtime';
import { failureFrom } from '../failure.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { inTime } from './step.js';
import { type DialledService, type Surroundings, tokenFor } from './surroundings.js';

const outdated: ReadonlySet<string> = new Set(['unauthenticated', 'invalid-token', 'expired-token', 'logged-out']);

/** Returns the addresses of a kind of service, as a list. */
export function addressList(services: Surroundings['services'], kind: DialledService): string {
  const prefix = `${kind} `;
  return services.flatMap(({ service, about }) => (service === kind ? [about.slice(prefix.length)] : [])).join(',');
}

/** Returns why the stored login cannot be tried, or undefined if it can. */
function untriable(where: Surroundings): Finding | undefined {
  const { login, services } = where;
  if (login === undefined)
    return skipped('login', 'Nobody is logged in.', 'Log in with `npx parley login`, so that more can be tried.');
  const isMissing = addressList(services, 'user-service') === '' || addressList(services, 'manager') === '';
  if (isMissing)
    return skipped('login', 'The addresses of the services are not known.', 'Give --user-service and --manager.');
  if (services.every((one) => tokenFor(where, one) !== undefined)) return undefined;
  return skipped(
    'login',
    'The token would travel to another machine in plain text.',
    'Give --tls, --ca FILE or --insecure.',
  );
}

async function tryLogin({ login, services, ca, session, timeoutMs }: Surroundings): Promise<Finding> {
  const addresses = {
    userService: addressList(services, 'user-service'),
    channelService: addressList(services, 'manager'),
  };
  const tls = services.some(({ isTls }) => isTls);
  const { user_id: id = '', token = '' } = login ?? {};
  const client = createClient({
    token,
    transport: grpcTransport({ ...addresses, tls, ...(ca !== undefined && { ca }) }),
  });
  try {
    await inTime(Promise.all([client.user(id), client.notifications.unread()]), timeoutMs);
    return works(id, 'The stored login is valid at the user-service and at the manager.');
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    const isUnreached = thrown.reason === 'unreachable' || thrown.reason === 'deadline-exceeded';
    if (isUnreached) return skipped(id, 'A service is not reached; the checks above say why.');
    const { message } = failureFrom(thrown, await session.advised());
    return fault(
      id,
      message,
      outdated.has(thrown.reason) ? 'Log in again with `npx parley login`.' : 'See the checks "grpc" and "processes".',
    );
  } finally {
    await client.close();
  }
}

/** The stored login is valid at the user-service and the manager. */
export function accountCheck(where: Surroundings): Check {
  return { name: 'login', run: async () => [untriable(where) ?? (await tryLogin(where))] };
}
