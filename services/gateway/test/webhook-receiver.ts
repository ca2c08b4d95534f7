import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '@parley/testkit';

/** A request that a receiver got, whatever it answered. */
export interface ReceivedEvent {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly status: number;
}

/** A status, with headers if there are any, or `hang`: no answer until `hangUp`. */
export type Answer = number | 'hang' | { readonly status: number; readonly headers: Record<string, string> };

/** A receiver of outgoing webhooks, with TLS. */
export class WebhookReceiver {
  readonly received: ReceivedEvent[] = [];
  /** The next answers by path; 204 for others. */
  readonly answers = new Map<string, Answer[]>();
  /** Chooses the answer to a request by its body, before `answers` do. */
  readonly answerTo = new Map<string, (body: string) => Answer | undefined>();
  /** Maximum number of requests of a path that were open at the same time. */
  readonly mostOpen = new Map<string, number>();
  readonly certificate: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-webhooks-'));
  readonly #server: Server;
  readonly #open = new Map<string, number>();

  private constructor() {
    const { certificate, tls } = selfSigned(this.#folder);
    this.certificate = certificate;
    this.#server = createServer(tls, (request, response) => {
      const path = request.url ?? '';
      const chunks: Buffer[] = [];
      this.#count(path, 1);
      response.on('close', () => this.#count(path, -1));
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, one]) => [name, String(one)]));
        this.#answer(response, path, headers, Buffer.concat(chunks).toString());
      });
    });
  }

  /** Starts a receiver on a free port of this machine. */
  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** Host with port. */
  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Returns the requests at a path. */
  at(path: string): ReceivedEvent[] {
    return this.received.filter((one) => one.path === path);
  }

  /** Ends the requests that wait for a response. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true });
  }

  #answer(response: ServerResponse, path: string, headers: Record<string, string>, body: string): void {
    const answer = this.answerTo.get(path)?.(body) ?? this.answers.get(path)?.shift() ?? 204;
    const status = answer === 'hang' ? 0 : typeof answer === 'number' ? answer : answer.status;
    this.received.push({ path, headers, body, status });
    if (answer === 'hang') return;
    response.writeHead(status, typeof answer === 'number' ? {} : answer.headers).end();
  }

  #count(path: string, change: number): void {
    const open = (this.#open.get(path) ?? 0) + change;
    this.#open.set(path, open);
    this.mostOpen.set(path, Math.max(open, this.mostOpen.get(path) ?? 0));
  }
}
