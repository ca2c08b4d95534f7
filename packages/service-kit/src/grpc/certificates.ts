import { X509Certificate } from 'node:crypto';
import { ChannelCredentials, experimental, ServerCredentials } from '@grpc/grpc-js';
import { type Part, type ProcessContext, repeat } from '@parley/runtime';
import type { KeyPair } from './key-pair.js';
import { readTlsFiles, type TlsFiles, type TlsSettings } from './tls-files.js';

const checkEveryMs = 5_000;

/** Settings, log and metrics. */
interface CertificatesContext extends Pick<ProcessContext, 'log' | 'metrics'> {
  readonly settings: TlsSettings;
}

/** Passes one set of files on to grpc-js. */
class Provider implements experimental.CertificateProvider {
  readonly #caListeners = new Set<experimental.CaCertificateUpdateListener>();
  readonly #pairListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  #ca: experimental.CaCertificateUpdate | null = null;
  #pair: experimental.IdentityCertificateUpdate | null = null;

  set(pair: KeyPair | undefined, ca: Buffer | undefined): void {
    this.#ca = ca === undefined ? null : { caCertificate: ca };
    this.#pair = pair === undefined ? null : { certificate: pair.cert, privateKey: pair.key };
    for (const listener of this.#caListeners) listener(this.#ca);
    for (const listener of this.#pairListeners) listener(this.#pair);
  }

  // grpc-js is not ready for a call of the listener before these methods return.
  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.#caListeners.add(listener);
    process.nextTick(() => listener(this.#ca));
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#pairListeners.add(listener);
    process.nextTick(() => listener(this.#pair));
  }

  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.#caListeners.delete(listener);
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#pairListeners.delete(listener);
  }
}

function isSame(one: TlsFiles, other: TlsFiles): boolean {
  const same = (a: Buffer | undefined, b: Buffer | undefined) => a === b || (a !== undefined && b?.equals(a) === true);
  return (
    same(one.pair?.cert, other.pair?.cert) &&
    same(one.pair?.key, other.pair?.key) &&
    same(one.serverCa, other.serverCa) &&
    same(one.clientCa, other.clientCa)
  );
}

/**
 * The certificates of a process, for its servers and for its calls of other services. Reads the
 * files again every five seconds. If they have changed and can be used, new connections use them;
 * otherwise the process goes on with those that it has.
 * @example
 * ```ts
 * import { createServer } from 'node:https';
 * import type { ProcessContext } from '@parley/runtime';
 * import { Certificates } from '@parley/service-kit';
 *
 * export function serve(context: ProcessContext) {
 *   const certificates = new Certificates(context);
 *   const server = createServer({ ...certificates.pair });
 *   certificates.onRenewed((pair) => server.setSecureContext(pair));
 *   return { server, stop: () => certificates.stop() };
 * }
 * ```
 */
export class Certificates implements Part {
  /** For gRPC servers: TLS if a certificate is set, else plain text. */
  readonly server: ServerCredentials;
  /** For calls of other services: TLS if an authority is set, else plain text. */
  readonly client: ChannelCredentials;
  readonly #settings: TlsSettings;
  readonly #log: ProcessContext['log'];
  readonly #ofServer = new Provider();
  readonly #ofClient = new Provider();
  readonly #renewal: Part;
  #files: TlsFiles;
  #renewed: (pair: KeyPair) => void = () => {};
  /** Problem with the files, or undefined. */
  #problem: string | undefined;

  /** @throws {Error} one sentence if the settings or their files cannot be used. */
  constructor({ settings, log, metrics }: CertificatesContext, everyMs: number = checkEveryMs) {
    this.#settings = settings;
    this.#log = log;
    this.#files = readTlsFiles(settings);
    const { pair, serverCa, clientCa } = this.#files;
    this.#pass();
    const ofClient = pair === undefined ? null : this.#ofClient;
    this.client =
      serverCa === undefined
        ? ChannelCredentials.createInsecure()
        : experimental.createCertificateProviderChannelCredentials(this.#ofClient, ofClient);
    const ofCallers = clientCa === undefined ? null : this.#ofServer;
    this.server =
      pair === undefined
        ? ServerCredentials.createInsecure()
        : // grpc-js 1.14.7 has the names of the first two parameters the wrong way round.
          experimental.createCertificateProviderServerCredentials(this.#ofServer, ofCallers, false);
    this.#count(metrics);
    const renew = async () => this.#renew();
    const isPlain = pair === undefined && serverCa === undefined;
    this.#renewal = isPlain ? { stop() {} } : repeat(everyMs, 0, renew, (cause) => this.#report(cause));
  }

  /** Certificate and key of this process now. Undefined: it listens in plain text. */
  get pair(): KeyPair | undefined {
    return this.#files.pair;
  }

  /** Whether calls of other services need a certificate. */
  get areRequired(): boolean {
    return this.#files.clientCa !== undefined;
  }

  /** Calls `listener` with the pair now and after each renewal, for a server that does not use gRPC. */
  onRenewed(listener: (pair: KeyPair) => void): void {
    this.#renewed = listener;
    if (this.pair !== undefined) listener(this.pair);
  }

  async stop(): Promise<void> {
    await this.#renewal.stop();
  }

  #pass(): void {
    const { pair, serverCa, clientCa } = this.#files;
    this.#ofServer.set(pair, clientCa);
    this.#ofClient.set(pair, serverCa);
  }

  #renew(): void {
    const files = readTlsFiles(this.#settings);
    this.#problem = undefined;
    if (isSame(files, this.#files)) return;
    this.#files = files;
    this.#pass();
    if (files.pair !== undefined) this.#renewed(files.pair);
    this.#log.info('certificates reloaded for new connections');
  }

  #report(cause: unknown): void {
    const problem = cause instanceof Error ? cause.message : String(cause);
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#log.warn({ cause: problem }, 'certificates are not reloaded; keeping the last ones, will retry');
  }

  #count(metrics: ProcessContext['metrics']): void {
    const expiry = 'time when the certificate of this process expires, in seconds since 1970';
    metrics.levels('parley_certificate_expiry_timestamp_seconds', expiry, 'setting', () =>
      this.pair === undefined ? {} : { TLS_CERT: Date.parse(new X509Certificate(this.pair.cert).validTo) / 1_000 },
    );
    const refused = '1 while the files of TLS cannot be used, and the process goes on with those that it has; else 0';
    metrics.gauge('parley_certificate_files_refused', refused, () => Number(this.#problem !== undefined));
  }
}
