import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { bareHost } from '@parley/runtime';
import { errorCode } from '../failure.js';
import { type Check, type Finding, fault, works } from './check.js';
import { inTime } from './step.js';
import { endpointsIn, type Surroundings } from './surroundings.js';

async function resolve(host: string, timeoutMs: number): Promise<Finding> {
  if (isIP(host) !== 0) return works(host, 'It is an address, which needs no name server.');
  try {
    const found = await inTime(lookup(host, { all: true }), timeoutMs);
    return works(host, `It resolves to ${found.map(({ address }) => address).join(', ')}.`);
  } catch (thrown) {
    const isUnknown = errorCode(thrown) === 'ENOTFOUND';
    if (isUnknown) return fault(host, 'The name does not resolve.', 'Correct the name, or add it to your DNS.');
    return fault(
      host,
      'The name server does not respond.',
      'Check the name servers of this machine (/etc/resolv.conf).',
    );
  }
}

/** Names of hosts resolve. */
export function namesCheck(where: Surroundings): Check {
  const urls = [where.database, where.listenUrl].filter((one) => one !== undefined && URL.canParse(one));
  const ofDatabase = urls.map((one) => bareHost(new URL(String(one)).hostname));
  const hosts = new Set([...endpointsIn(where).map(({ host }) => host), ...ofDatabase].filter((host) => host !== ''));
  return { name: 'names', run: () => Promise.all([...hosts].map((host) => resolve(host, where.timeoutMs))) };
}
