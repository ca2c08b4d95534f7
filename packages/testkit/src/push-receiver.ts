import { createECDH, createPublicKey, type ECDH, randomBytes, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ece from 'http_ece';
import { selfSigned } from './self-signed.js';

/** A message that a browser would show. */
export interface ReceivedPush {
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly payload: unknown;
}

/** A push service with TLS, and the browsers that it serves: it checks and decrypts what arrives. */
export class PushReceiver {
  readonly received: ReceivedPush[] = [];
  /** Status of the next responses, by path; 201 for others. */
  readonly statuses = new Map<string, number[]>();
  /** Number of requests by path, refused ones included. */
  readonly requests = new Map<string, number>();
  /** Paths that get no response. */
  readonly silent = new Set<string>();
  /** Maximum number of requests of a path that were open at the same time. */
  readonly mostOpen = new Map<string, number>();
  readonly certificate: string;
  readonly #folder: string;
  readonly #server: Server;
  readonly #open = new Map<string, number>();
  readonly #browsers = new Map<string, { readonly pair: ECDH; readonly secret: Buffer }>();

  private constructor(folder: string) {
    this.#folder = folder;
    const { certificate, tls } = selfSigned(folder);
    this.certificate = certificate;
    this.#server = createServer(tls, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        this.requests.set(path, (this.requests.get(path) ?? 0) + 1);
        this.#count(path, 1);
        response.on('close', () => this.#count(path, -1));
        if (this.silent.has(path)) return;
        const status = this.statuses.get(path)?.shift() ?? 201;
        if (status < 300) this.#take(path, request.headers, Buffer.concat(chunks));
        response.writeHead(status).end();
      });
    });
  }

  /** Starts a push service on a free port of this machine. */
  static async start(): Promise<PushReceiver> {
    const receiver = new PushReceiver(mkdtempSync(join(tmpdir(), 'parley-push-')));
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** Returns the subscription of a new browser. */
  subscribe(name: string) {
    const pair = createECDH('prime256v1');
    const publicKey = pair.generateKeys();
    const secret = randomBytes(16);
    this.#browsers.set(`/${name}`, { pair, secret });
    const { port } = this.#server.address() as AddressInfo;
    return { endpoint: `https://localhost:${port}/${name}`, publicKey, secret };
  }

  /** Returns the payloads that a browser has received. */
  payloadsOf(name: string): unknown[] {
    return this.received.filter(({ path }) => path === `/${name}`).map(({ payload }) => payload);
  }

  /** Ends the requests that wait for a response. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  /** Ends everything, and deletes the certificate. */
  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true });
  }

  #count(path: string, change: number): void {
    const open = (this.#open.get(path) ?? 0) + change;
    this.#open.set(path, open);
    this.mostOpen.set(path, Math.max(open, this.mostOpen.get(path) ?? 0));
  }

  #take(path: string, headers: NodeJS.Dict<string | string[]>, body: Buffer): void {
    const browser = this.#browsers.get(path);
    if (browser === undefined) throw new Error(`No browser has the path ${path}.`);
    const authSecret = browser.secret.toString('base64url');
    const plain = ece.decrypt(body, { version: 'aes128gcm', privateKey: browser.pair, authSecret });
    this.received.push({ path, headers, payload: JSON.parse(plain.toString('utf8')) });
  }
}

/**
 * Checks the VAPID header of a request (RFC 8292), and returns the claims of its token.
 * @throws {Error} if the signature is not that of the key in the header.
 */
export function vapidClaims(header: string): { claims: Record<string, unknown>; key: string } {
  const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=(.+)$/.exec(header) ?? [];
  const [head, claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const options = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), options, Buffer.from(signature, 'base64url')))
    throw new Error('The signature is wrong.');
  return { claims: JSON.parse(Buffer.from(claims, 'base64url').toString()), key };
}
