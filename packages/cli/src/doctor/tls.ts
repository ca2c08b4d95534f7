import { type AddressInfo, isIP } from 'node:net';
import { checkServerIdentity, connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { KeyPair } from '@parley/service-kit';
import { errorCode, errorText } from '../failure.js';
import { type Check, type Finding, fault, skipped, warning, works } from './check.js';
import { isReachable, noConnectionFinding, unconnected } from './ports.js';
import { inTime } from './step.js';
import { type Endpoint, endpointsIn, type Surroundings } from './surroundings.js';

const dayMs = 86_400_000;
/** A certificate that expires sooner gets a warning. */
const soonMs = 14 * dayMs;

/** Errors of OpenSSL that mean that the server leaves out the certificate of an intermediate authority. */
const incomplete: readonly string[] = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'];
const ownAuthority = 'If the authority is your own, give it with --ca FILE.';

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** Returns what is wrong with the time for which a certificate is valid. */
export function validityFinding(about: string, from: number, to: number, now: number): Finding | undefined {
  const renew = 'Renew the certificate. A Parley process loads the new files without a restart.';
  if (to < now) return fault(about, `The certificate expired on ${day(to)} UTC.`, renew);
  if (from > now)
    return fault(
      about,
      `The certificate is not valid before ${day(from)} UTC.`,
      'Set the clock of this machine, or use a certificate that is valid now.',
    );
  if (to - now < soonMs) return warning(about, `The certificate expires on ${day(to)} UTC.`, renew);
  return undefined;
}

function nameFinding(about: string, host: string, certificate: PeerCertificate): Finding | undefined {
  const mismatch = checkServerIdentity(host, certificate);
  if (mismatch === undefined) return undefined;
  const names = certificate.subjectaltname ?? certificate.subject?.CN ?? 'none';
  return fault(
    about,
    `The certificate is for other names (${names}), not for ${host}.`,
    'Use one of its names, or a certificate for this name.',
  );
}

function chainFinding(about: string, code: string, { issuer }: PeerCertificate): Finding | undefined {
  if (code === '' || code.startsWith('CERT_') || code.startsWith('ERR_TLS_CERT')) return undefined;
  if (!incomplete.includes(code)) {
    const change = `Use a certificate of a trusted authority. ${ownAuthority}`;
    return fault(about, `The certificate is not trusted (${code}).`, change);
  }
  const authority = issuer?.CN ?? issuer?.O ?? 'its issuer';
  const change = `If ${authority} is an intermediate authority, let the server send the whole chain ("fullchain"). ${ownAuthority}`;
  return fault(
    about,
    `The certificate is signed by ${authority}, which is not trusted, and the server sends no more of the chain.`,
    change,
  );
}

/** An address that is reached with TLS. */
type TlsAddress = Pick<Endpoint, 'about' | 'host' | 'port'>;

function judge({ about, host }: TlsAddress, socket: TLSSocket): Finding[] {
  const certificate = socket.getPeerCertificate();
  const code = String((socket.authorizationError as unknown as string | undefined) ?? '');
  const [from, to] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)];
  const found = [
    validityFinding(about, from, to, Date.now()),
    nameFinding(about, host, certificate),
    chainFinding(about, code, certificate),
  ].filter((one) => one !== undefined);
  const isSound = found.every(({ level }) => level !== 'fault');
  const words = `${socket.getProtocol()} with a trusted certificate for ${host}, valid until ${day(to)} UTC.`;
  return isSound ? [works(about, words), ...found] : found;
}

function unspoken(about: string, thrown: unknown, change: string): Finding {
  const isPlain = /wrong version number|packet length too long|EPROTO|unknown protocol/i.test(
    `${errorCode(thrown)} ${errorText(thrown)}`,
  );
  if (isPlain) return fault(about, 'The server does not speak TLS on that port.', change);
  return unconnected(about, thrown);
}

/** Calls `work` with a connection after its handshake. Certificates are not checked. @throws {Error} of the handshake */
async function shakeHands<T>(
  { host, port }: Pick<Endpoint, 'host' | 'port'>,
  { ca, timeoutMs }: Pick<Surroundings, 'ca' | 'timeoutMs'>,
  work: (socket: TLSSocket) => T,
): Promise<T> {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const trust = ca === undefined ? {} : { ca };
  const protocols = { ALPNProtocols: ['h2', 'http/1.1'] };
  const socket = connect({ host, port, rejectUnauthorized: false, ...protocols, ...name, ...trust });
  const secured = new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('The server closed the connection during the handshake.')));
  });
  try {
    await inTime(secured, timeoutMs);
    return work(socket);
  } finally {
    socket.destroy();
  }
}

/** Returns whether a server speaks TLS. */
export function speaksTls(at: Pick<Endpoint, 'host' | 'port'>, timeoutMs: number): Promise<boolean> {
  return shakeHands(at, { ca: undefined, timeoutMs }, () => true).catch(() => false);
}

const callPlainly = 'Leave out --tls and --ca or use http://, or give the address of its TLS proxy.';

/** Judges the certificate of a server. `ifPlain` says what to change if it does not speak TLS. */
export async function examine(
  endpoint: TlsAddress,
  where: Pick<Surroundings, 'ca' | 'timeoutMs'>,
  ifPlain = callPlainly,
): Promise<Finding[]> {
  const { about } = endpoint;
  if (!(await isReachable(endpoint, where.timeoutMs))) return [noConnectionFinding(about)];
  return shakeHands(endpoint, where, (socket) => judge(endpoint, socket)).catch((thrown: unknown) => [
    unspoken(about, thrown, ifPlain),
  ]);
}

/** Returns why a service with this authority refuses a certificate of a caller. Undefined if it accepts it. */
export async function callerProblem(pair: KeyPair, clientCa: Buffer): Promise<string | undefined> {
  const server = createServer({ ...pair, ca: clientCa, requestCert: true, rejectUnauthorized: false });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const called = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve));
  const caller = connect({ host: '127.0.0.1', port, ...pair, rejectUnauthorized: false });
  const failed = new Promise<never>((_, reject) => caller.once('error', reject));
  try {
    const socket = await Promise.race([called, failed]);
    socket.on('error', () => {});
    return socket.authorized ? undefined : String(socket.authorizationError);
  } finally {
    caller.destroy();
    server.close();
  }
}

/** Certificates are valid, trusted, and for the name of the host. */
export function tlsCheck(where: Surroundings): Check {
  const secure = endpointsIn(where).filter(({ isTls }) => isTls);
  const none = [skipped('TLS', 'No address is reached with TLS.')];
  return {
    name: 'tls',
    run: async () =>
      secure.length === 0 ? none : (await Promise.all(secure.map((one) => examine(one, where)))).flat(),
  };
}
