import { performance } from 'node:perf_hooks';
import { type ChannelCredentials, Client } from '@grpc/grpc-js';
import { ChannelService, type ReportRequest } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { type Part, Refusal, refuse } from '@parley/runtime';
import { managerAudience, type ServiceClaims, type SigningKey } from '@parley/service-kit';

/** Time limit of one report over all attempts, in milliseconds. The lease must outlast it. */
const reportWithinMs = 1_000;

/**
 * Clients of all managers. Any of them can serve a call; the one that responded last is tried
 * first.
 */
export class Managers implements Part {
  readonly #clients: Client[];
  readonly #key: SigningKey<ServiceClaims>;
  readonly #instanceId: string;
  #first = 0;

  constructor(
    addresses: readonly string[],
    credentials: ChannelCredentials,
    key: SigningKey<ServiceClaims>,
    instanceId: string,
  ) {
    this.#clients = addresses.map((address) => new Client(address, credentials, clientOptions));
    this.#key = key;
    this.#instanceId = instanceId;
  }

  /**
   * Reports to the first manager that responds. A manager that hangs is tried last the next time.
   * @throws {Refusal} `not-mine` if this server no longer owns a listed channel; otherwise the last
   * refusal.
   */
  async report(request: ReportRequest): Promise<void> {
    const token = await this.#key.sign({ sub: this.#instanceId }, managerAudience);
    const before = performance.now() + reportWithinMs;
    let last: unknown = refuse('unreachable', { message: 'No manager is configured. Set PARLEY_MANAGERS.' });
    for (let tried = 0; tried < this.#clients.length && performance.now() < before; tried++) {
      const client = this.#clients[this.#first] as Client;
      try {
        return await this.#reportTo(client, request, token, before - performance.now());
      } catch (thrown) {
        if (thrown instanceof Refusal && thrown.reason === 'not-mine') throw thrown;
        last = thrown;
        this.#first = (this.#first + 1) % this.#clients.length;
      }
    }
    throw last;
  }

  async #reportTo(client: Client, request: ReportRequest, token: string, withinMs: number) {
    await callUnary(client, ChannelService.report, request, { token, withinMs });
  }

  stop(): void {
    for (const client of this.#clients) client.close();
  }
}
