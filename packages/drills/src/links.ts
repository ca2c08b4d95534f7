import type { Transport } from '@parley/client';
import { FaultProxy } from '@parley/testkit';

/** The network between clients and chat servers: one proxy for each address of a chat server. */
export class Links {
  readonly #proxies = new Map<string, Promise<FaultProxy>>();

  /**
   * Routes the streams of a transport through the proxies, except TLS ones, whose certificate would
   * not match.
   */
  through(transport: Transport): Transport {
    return {
      ...transport,
      listen: async (id, options) => {
        const seat = await transport.listen(id, options);
        if (seat.server === undefined || seat.server.tls) return seat;
        return { ...seat, server: { ...seat.server, addr: (await this.#proxyTo(seat.server.addr)).address } };
      },
    };
  }

  /** Returns every proxy. */
  async all(): Promise<FaultProxy[]> {
    return Promise.all(this.#proxies.values());
  }

  async close(): Promise<void> {
    for (const proxy of await this.all()) await proxy.close();
  }

  #proxyTo(address: string): Promise<FaultProxy> {
    const known = this.#proxies.get(address) ?? FaultProxy.open(() => address);
    this.#proxies.set(address, known);
    return known;
  }
}
