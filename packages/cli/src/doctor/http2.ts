import { connect } from 'node:http2';
import { isIP } from 'node:net';
import { hostAndPort } from '@parley/runtime';
import { errorText } from '../failure.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { isReachable, noConnectionFinding, withServices } from './ports.js';
import { inTime } from './step.js';
import type { Endpoint, Surroundings } from './surroundings.js';
import { speaksTls } from './tls.js';

const advice =
  'gRPC needs HTTP/2 from end to end: give the gRPC port of the service, or let the proxy pass HTTP/2 (nginx: grpc_pass, not proxy_pass).';

type Http2Port = Pick<Endpoint, 'host' | 'port' | 'isTls'>;

/** Waits for the first frame that a server of HTTP/2 sends. */
async function settingsFrom(
  { host, port, isTls }: Http2Port,
  { ca, timeoutMs }: Pick<Surroundings, 'ca' | 'timeoutMs'>,
): Promise<void> {
  const trust = ca === undefined ? {} : { ca };
  const name = isIP(host) === 0 ? {} : { servername: '' };
  const session = connect(`${isTls ? 'https' : 'http'}://${hostAndPort(host, port)}`, {
    rejectUnauthorized: false,
    ...trust,
    ...name,
  });
  const spoken = new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.on('error', reject);
    session.once('close', () => reject(new Error('The server closed the connection.')));
  });
  await inTime(spoken, timeoutMs).finally(() => session.destroy());
}

/** Returns whether a server speaks HTTP/2. */
export function speaksHttp2(endpoint: Http2Port, where: Pick<Surroundings, 'ca' | 'timeoutMs'>): Promise<boolean> {
  return settingsFrom(endpoint, where).then(
    () => true,
    () => false,
  );
}

async function judge(endpoint: Endpoint, where: Surroundings): Promise<Finding> {
  const { about, isTls } = endpoint;
  if (!(await isReachable(endpoint, where.timeoutMs))) return noConnectionFinding(about);
  const hasTls = await speaksTls(endpoint, where.timeoutMs);
  if (isTls && !hasTls) return skipped(about, 'The server does not speak TLS; the check "tls" says more.');
  const problem = await settingsFrom(endpoint, where).then(() => undefined, errorText);
  if (problem === undefined) return works(about, 'The server speaks HTTP/2.');
  if (!isTls && hasTls)
    return fault(about, 'The server requires TLS.', 'Give --tls, or --ca FILE if its authority is your own.');
  return fault(about, `The server does not speak HTTP/2 (${problem}).`, advice);
}

/** Services speak HTTP/2, which gRPC needs. */
export function http2Check(where: Surroundings): Check {
  return { name: 'http/2', run: () => withServices(where, (one) => judge(one, where)) };
}
