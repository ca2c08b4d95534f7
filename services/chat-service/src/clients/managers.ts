import type { ChannelCredentials } from '@grpc/grpc-js';
import { ChannelServiceClient, type ReportRequest } from '@parley/contract';
import { callUnary, clientOptions, managerAudience, type ServiceClaims, type SigningKey } from '@parley/rpc';
import { type Part, Refusal, refuse } from '@parley/runtime';

const reportWithinMs = 1_500;

/** The managers of this deployment. Any of them will do; the one that answered last is asked first. */
export class Managers implements Part {
  readonly #clients: ChannelServiceClient[];
  readonly #key: SigningKey<ServiceClaims>;
  readonly #bootId: string;
  #first = 0;

  constructor(
    addresses: readonly string[],
    credentials: ChannelCredentials,
    key: SigningKey<ServiceClaims>,
    bootId: string,
  ) {
    this.#clients = addresses.map((address) => new ChannelServiceClient(address, credentials, clientOptions));
    this.#key = key;
    this.#bootId = bootId;
  }

  /**
   * Reports to the first manager that answers.
   * @throws {Refusal} `not-mine` where a listed channel is not this server's any more; otherwise the last refusal.
   */
  async report(request: ReportRequest): Promise<void> {
    const token = await this.#key.sign({ sub: this.#bootId }, managerAudience);
    let last: unknown = refuse('unreachable', { words: 'no manager is configured' });
    for (let tried = 0; tried < this.#clients.length; tried++) {
      const at = (this.#first + tried) % this.#clients.length;
      try {
        await this.#reportTo(this.#clients[at] as ChannelServiceClient, request, token);
        this.#first = at;
        return;
      } catch (thrown) {
        if (thrown instanceof Refusal && thrown.reason === 'not-mine') throw thrown;
        last = thrown;
      }
    }
    throw last;
  }

  async #reportTo(client: ChannelServiceClient, request: ReportRequest, token: string): Promise<void> {
    await callUnary(client.report.bind(client), request, { token, withinMs: reportWithinMs });
  }

  stop(): void {
    for (const client of this.#clients) client.close();
  }
}
